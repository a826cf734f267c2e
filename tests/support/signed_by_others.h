// Keys and signatures made by ssh-keygen (OpenSSH 9.2) and openssl 3.0 for these tests; nobody kept
// the private halves. The two kinds of FIDO tokens' were made in software and accepted by
// ssh-keygen.
#ifndef HOLDFAST_TESTS_SUPPORT_SIGNED_BY_OTHERS_H
#define HOLDFAST_TESTS_SUPPORT_SIGNED_BY_OTHERS_H

#include <string_view>

namespace holdfast::tests::by_others {

// What each signs: the pre-authentication encoding of the payload "{}".
inline constexpr std::string_view message = "DSSEv1 28 application/vnd.in-toto+json 2 {}";
inline constexpr std::string_view name_space = "holdfast-manifest";

struct Signed {
    std::string_view what;
    std::string_view key;        // a .pub file, or PEM
    std::string_view signature;  // armored SSHSIG; base64 for PEM keys
};

inline constexpr Signed ssh_ed25519{
    "ssh-ed25519",
    R"(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIgdr3kJU7ptXegxDjV3CBCpwHjDvVETWT8sK0SsUi5a made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiB2veQlTum1d6DEONXcIEKnAeM
O9URNZPywrRKxSLloAAAARaG9sZGZhc3QtbWFuaWZlc3QAAAAAAAAABnNoYTUxMgAAAFMA
AAALc3NoLWVkMjU1MTkAAABAnI5sgoIabr0UueSZNZoE1jeNWBaIu7CXbsjQXuFGEbcvw+
NdmEJmq0bk8aav2zI3wmbC8BEe+JBGIASFujXcDg==
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_p256{
    "ecdsa-sha2-nistp256",
    R"(ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBO8oi9puFY5f+3dA/XyU4Opwoc2bqNtp+OKoUdEnE4WdmpHbV1S3dmvs9Ey5RRLc/Qg+9psegsJ70MwgieIQ9WA= made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EE7yiL2m4Vjl/7d0D9fJTg6nChzZuo22n44qhR0ScThZ2akdtXVLd2a+z0TLlFEtz9CD72
mx6CwnvQzCCJ4hD1YAAAABFob2xkZmFzdC1tYW5pZmVzdAAAAAAAAAAGc2hhNTEyAAAAZQ
AAABNlY2RzYS1zaGEyLW5pc3RwMjU2AAAASgAAACEA5X2CWgZ4e+mRjzup/qn68eUKb/dB
toQ8Zvu/fqcrW5kAAAAhAJBbpsP/IBun9iaIWqncADdtyq5ECfxR7XN+LGk/Nt1z
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_p384{
    "ecdsa-sha2-nistp384",
    R"(ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBGK2yKZYoimyLbq2p5GK1N9ggeba4u1fZNpBRh6GhZ7vWLFnpG7fEcxlUlwIV8Iorg4+4UmwfV4stbAGGhw1zLjBXWqgMvoeJ25R0ufB0/a0nvuOH5frAPJsKuPwXtYhgA== made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAIgAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAAhuaXN0cDM4NAAAAG
EEYrbIpliiKbIturankYrU32CB5tri7V9k2kFGHoaFnu9YsWekbt8RzGVSXAhXwiiuDj7h
SbB9Xiy1sAYaHDXMuMFdaqAy+h4nblHS58HT9rSe+44fl+sA8mwq4/Be1iGAAAAAEWhvbG
RmYXN0LW1hbmlmZXN0AAAAAAAAAAZzaGE1MTIAAACEAAAAE2VjZHNhLXNoYTItbmlzdHAz
ODQAAABpAAAAMQClZS4wOIwVmamwMJwyOhZuRw2yiI5rqwZDaan373Xmusri9ZHNfIO6dY
kUFvScOQAAAAAwdClUbx5xvLtR+uoh2SFtbUWejEf6M55Aibby0cpa3N3C+kbNvXIjcy6A
hvvvXthx
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_rsa{
    "rsa-sha2-512",
    R"(ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDBejq5ScqFz4lSrGurCamZNlCXMavJawJMzhjKLaAfKAKIB/6g1Jo75O/oEqUJGmW4UflFDSNKBNn8gSpeditMc46ATwSn0jaDC4lC2yki1mv9Cn+9yG05hoPnuvgkdk8YbxbYSippshYDdsh3XHmGcMoSR4o1U41qVVlezgcIWU+aewGQrDim4uy8h+kyWx8w5LlS6dBn60nsV7ckeYkSk7PU5Yi+i5CPnbtwsGrnlV16SF6ujDIpc11BUCTmWPxUwisi8oyXUrGBb6HhN9a+Ck5YH4t5LV9VAozRxdiiBtSTUBcswOAQVI3sgrlb5GIyz9qintqq7zjPngpmBR5D made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBAMF6OrlJyoXPiVKsa6sJqZ
k2UJcxq8lrAkzOGMotoB8oAogH/qDUmjvk7+gSpQkaZbhR+UUNI0oE2fyBKl52K0xzjoBP
BKfSNoMLiULbKSLWa/0Kf73IbTmGg+e6+CR2TxhvFthKKmmyFgN2yHdceYZwyhJHijVTjW
pVWV7OBwhZT5p7AZCsOKbi7LyH6TJbHzDkuVLp0GfrSexXtyR5iRKTs9TliL6LkI+du3Cw
aueVXXpIXq6MMilzXUFQJOZY/FTCKyLyjJdSsYFvoeE31r4KTlgfi3ktX1UCjNHF2KIG1J
NQFyzA4BBUjeyCuVvkYjLP2qKe2qrvOM+eCmYFHkMAAAARaG9sZGZhc3QtbWFuaWZlc3QA
AAAAAAAABnNoYTUxMgAAARQAAAAMcnNhLXNoYTItNTEyAAABAJR7jkql/jsqZ7V4lO7Xqn
7NI4rt1YA8WT0oVum5nvWQF26TqxwY1PH/2TKej3eWTCJbQWU64NAbwJEz7/LCcjt72IvW
PxOxINEi6JH0/7JpdmaPDj1cwu6Zv+WfT3TiteCbzFYaMvi7hjUkJscZnu1u4rsy1AfBET
y6IZ/dFc8UqCrl8roXCth0ERAnl03xHqIn7mt/yD7nbyULQonR/vL/6XfqL5XKACHRHGvT
1mD3sd58Itwe8bGNkgwqosi36eWcDm0Gbc9BBCpJy767wjQytaFB4D3Cd+dmuDD5onNz/X
4YUt6cdwfdxGKzNPXn4IzBfUZzn+dTkRu3Zz5GEqQ=
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_sk_ed25519{
    "sk-ssh-ed25519",
    R"(sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJXu6d46CDn3ywh9wyq9VJ8Gl+qHRN54bdGiJkeqWlCbAAAABHNzaDo= made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgle7p3j
oIOffLCH3DKr1UnwaX6odE3nht0aImR6paUJsAAAAEc3NoOgAAABFob2xkZmFzdC1tYW5p
ZmVzdAAAAAAAAAAGc2hhNTEyAAAAZwAAABpzay1zc2gtZWQyNTUxOUBvcGVuc3NoLmNvbQ
AAAEBlofvDMl4sT5n+fGIaMpZqxIwfakRo6mx1e05KX6XOEN0OHeUr7kw6FrcHBeMH8SHt
7nh+zOJ1fPR4BHguzhkGAQAAAAc=
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_sk_p256{
    "sk-ecdsa-sha2-nistp256",
    R"(sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBFuzDmteF42S5hDR1bvRcsAorwtLUUbq5FT1G7wnQmBzk+uPwxQSikrOuXPr0vlaPJub5h6dv43uPXfWp839oYwAAAAEc3NoOg== made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAH8AAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBvcGVuc3NoLmNvbQ
AAAAhuaXN0cDI1NgAAAEEEW7MOa14XjZLmENHVu9FywCivC0tRRurkVPUbvCdCYHOT64/D
FBKKSs65c+vS+Vo8m5vmHp2/je49d9anzf2hjAAAAARzc2g6AAAAEWhvbGRmYXN0LW1hbm
lmZXN0AAAAAAAAAAZzaGE1MTIAAAB4AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3Bl
bnNzaC5jb20AAABJAAAAIBCiiCWgB7I9v6zbQEhfPV8hPjSTkxmEZ8kzXzn9zQVkAAAAIQ
CHCq/DmZFKF90Rgd6Ae5E3YczwnFY1JhXrv53rR03+ugEAAAAH
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_ed25519_sha256{
    "ssh-ed25519, message hashed with SHA-256",
    R"(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIgdr3kJU7ptXegxDjV3CBCpwHjDvVETWT8sK0SsUi5a made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiB2veQlTum1d6DEONXcIEKnAeM
O9URNZPywrRKxSLloAAAARaG9sZGZhc3QtbWFuaWZlc3QAAAAAAAAABnNoYTI1NgAAAFMA
AAALc3NoLWVkMjU1MTkAAABAWHK3Qp0v6FAYJZH5pIErIidZ8S4yNwTlDOKfGPY/ceFBo4
tx8xEzpPMstzS3fJNL92DgA8GUlAaZ/akq1CfwCg==
-----END SSH SIGNATURE-----
)"};

// Right keys, and yet:
inline constexpr Signed ssh_other_namespace{
    "for namespace other",
    R"(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIgdr3kJU7ptXegxDjV3CBCpwHjDvVETWT8sK0SsUi5a made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiB2veQlTum1d6DEONXcIEKnAeM
O9URNZPywrRKxSLloAAAAFb3RoZXIAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1
MTkAAABAK5/efsHVi9yqfqVLkqJOecc/WPukJsCeID8HaFAFIZ9Z0/cAhyc1uHSXxjIq0m
PEjfKUeon8nHVXGaQM4RCcBw==
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_sk_untouched{
    "nobody touched the token",
    R"(sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJXu6d46CDn3ywh9wyq9VJ8Gl+qHRN54bdGiJkeqWlCbAAAABHNzaDo= made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgle7p3j
oIOffLCH3DKr1UnwaX6odE3nht0aImR6paUJsAAAAEc3NoOgAAABFob2xkZmFzdC1tYW5p
ZmVzdAAAAAAAAAAGc2hhNTEyAAAAZwAAABpzay1zc2gtZWQyNTUxOUBvcGVuc3NoLmNvbQ
AAAEDMN7Ufu/42uPIrVBAfnlubUqPyaB9FcOlNwX8IXAy/Gvl/KX4f1cZ45xGfn+fuvsY3
qgC7utylY807K/ICCJ8OAAAAAAc=
-----END SSH SIGNATURE-----
)"};
inline constexpr Signed ssh_p521{
    "P-521",
    R"(ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAD5pbcue4COPRQakWvfSYt1c+uBDUMi7qH54M6ZysBxC4cy4xkKSW1xkAvvKWcoTNBL5EHxWxj5z67iKWzpI/qWZAEDGWBz734DX7QeuD3VoK4Wugf7EgOFNz+LghN8Wyp0tUjtHFbBO5LOZJsCQ+Mnl3wPRZ+PUat/D/0+jatLunQ1rg== made for tests
)",
    R"(-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAI
UEAPmlty57gI49FBqRa99Ji3Vz64ENQyLuofngzpnKwHELhzLjGQpJbXGQC+8pZyhM0Evk
QfFbGPnPruIpbOkj+pZkAQMZYHPvfgNftB64PdWgrha6B/sSA4U3P4uCE3xbKnS1SO0cVs
E7ks5kmwJD4yeXfA9Fn49Rq38P/T6Nq0u6dDWuAAAAEWhvbGRmYXN0LW1hbmlmZXN0AAAA
AAAAAAZzaGE1MTIAAACmAAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAACLAAAAQTSHid+6aR
sGap5acWwTwfTsR7RfgeqZE8m5UGVnk3RQLGRo6YsKw/7Q/JNGKNfdlW29M4H3+i5jr6br
rw+jsJXeAAAAQgDUTn6cHeDZxq7/CpSqFc4WukpqqhOGM0uXYPMLdEE2Q55aKUy4Fr8TC7
L/ILxKZ66p9lIHIkZJF1yXqK5eA1qOKg==
-----END SSH SIGNATURE-----
)"};

inline constexpr Signed pem_p256{"P-256", R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWUhawUiu3LwxClbrBaU6bvdQ+I2y
ewmDJQUFHyhudj4lZHu26Yo44k0lfhjSeuf9auKZn+oipN/YcoCmGZGc2A==
-----END PUBLIC KEY-----
)",
                                 "MEQCICFCuTTCuq7OhPVQCCfBGNyc1DSp/"
                                 "Bm7dp0zmgdXA9orAiA7NxgeKMFKStuhDyUDt2Gfcj5AUlYvR5idT0LKn3wLmw=="};
inline constexpr Signed pem_p384{
    "P-384", R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEWB4lI7D/Scv1Z/aMG8KGOWF8niu8IjE/
sY2Nuz7zE0ool6Ap15hgHM+/EkIE9mCH6jj6EqbyDLvuWg80MS2pyHe6E6PDxmo4
n2BFTjsPASA9pQSO39LVYeyd647zQQub
-----END PUBLIC KEY-----
)",
    "MGUCMQC2SwKrbOJT4J8kCSMF1Hs5CQIHWEKoQ7DL11f7XPu2pzlMb/"
    "BEX1KXHjQCVWrB9nUCMGTR0fC8UaRdbGA2k2nvYJhUOW2zaNlb+NH8DtZ9iIPfwfIXRCUdeR6bWLAkVp7rog=="};
inline constexpr Signed pem_ed25519{
    "Ed25519", R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAMzPgEQFPI4+k0C8ZoPBVXVwE2tO5vQlr8uK+ekwqAro=
-----END PUBLIC KEY-----
)",
    "r9cgqI2jk6m28y0m39npYNZ7en19cGq0LP/iAKSgxaFWJ90ogrylGL0qjl8tWR5UA+A+d0TnxYEhLjJyTfhqAg=="};
inline constexpr Signed pem_rsa{
    "RSA-PSS", R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAutstbQC32aUC1dZw7L0+
nk9yzr1kI9/1gtEj+l7boIg8BxuOxDYtDwqqbpcEZZRRg9gT54mySJd2I2agC9It
8eXMMgPLAx9bWnCPOD7gzVPJLy6B+BETEkGPoxh80E82LePP7zmu8gpAqCaU2Yhp
lYU0y7trwBz5LwVAeWroykBt2cyT9MdyRcPxj3ZNsa0xADniu8Lhb+7xD39d4ZPU
YgRCKC12Rg12UIiRizobpQuo7tpq2rZYfaaJD/yS1V7cTo2GXvXda/itjWegCNjN
4INgv1d3mQj3jK1vUJoPGIntiOkHBvSAvrAuE9b30EDCGb/u0Nr2iy9FEzQEQ6/q
HQIDAQAB
-----END PUBLIC KEY-----
)",
    "iS8SmIeeaoqElHXrBfWR47JNI5V0QrFqVKISpmFYiBj4ozXfN7H3H9TecTM4duKMcdaYXt9TZT1hP1+"
    "ODbIlipGJ77ufyrr6mcMyvYJMcgaziAbfcTJDpAIhKGSvA4ACEfxxkBmh+gQwBEZgkMpP2Fw9CQ8cp+f18sEE1zMJaD/"
    "5Yk0wehda4TrkcefaZEl6xcN7xTPkBdwkD1ZknGiK6COZxjAsCkRuTS3e7RwN6+XnyC5gfJ+S0RZvRM9eIf+"
    "KRbN5mfyl3eTF7c2HFDGPNPxwWjoy8YaUx7MnjyIGE4ePydJ41z+leuMeJt3LjcwZ/FUkLL0PxDyC63Ls4S21Xw=="};
inline constexpr Signed pem_rsa_pkcs1{
    "RSA PKCS#1 v1.5", pem_rsa.key,
    "emHNwpB/"
    "ufcdLhkcfUkTt9YgYbiZEIHrvHkPjN1IN3GU6alNIRJeZc+oGNXY345KF+Vh+"
    "ksdV2FbMeMSl26DR24ojlOfww494DBusAY5meHGErPQD7sCLKSjW+gKF5TVRWWeE9egyyN+Z3WvA/"
    "9AzCNGDDoxegiqxLdCfhBJJGls1CbpyWslsdmRyjfh7aZv1JDYPRMXvDgbgVRwdezSa+AZ115Y3Ye/Zie/"
    "GbK1s7oGXqDXKRwA/XGlOnqGPl7SQHxgyskU/"
    "Of4qMr9+EIA12xE+uCHlno9pL4robzycqnEaT6YX83xPtwnvi+s49TBLklEhPY2f/o09TaVmctPWQ=="};

inline constexpr std::string_view pem_p521_key = R"(-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAkU9a2cXM4ck93sNbadQzWSb3z6Js
o8DRZ0h115kQlcJnr06P/2GVbynqukUUqWWpbbtuutVXLaxWYMhWWg6Q+F8BSXO5
99dG8JNAauNoctiXDiBCXWJC6ZkdrY0xvCOZUGqYb6dZKJxmquZLmDXaVDeQADTY
kAI3n6xfvSIl7yUFFzE=
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view pem_rsa_1024_key = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDecOhEtK2IxzJSV3URb/AjigLw
/NRRjPI2+ILYprrgOx9yToQNmmU/WgaJutMhsUCmAjZRRHwIpJuI/Jhqi6S2Ysak
wYHP+I262AMhS+88HBihdUkkfD2ONtkdzPR8FTB6KEpBKMig5cg6l7GIHa1GMKya
ogrwekUyztVlGJjp1wIDAQAB
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view ssh_rsa_1024_key =
    R"(ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCl8w6BbkmyDb3Inp/SyhZH7HxYgMCdsOmzT9ovPhVMH433RjEVI2oArfKIv8pcYOhWQPH0+nGYyuVCN3hnM/A7jeyj0msb1Quutmxzml9vTTYkip8VgRv4gjNkFcgiwT8T3YODBUVJhylSYThkaYA6e9UWvOx5WG6k7f9vlVH//Q== x
)";

}  // namespace holdfast::tests::by_others

#endif  // HOLDFAST_TESTS_SUPPORT_SIGNED_BY_OTHERS_H
