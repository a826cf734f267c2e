// What LeakSanitizer may overlook in a program that signs with Ed25519 in SoftHSM 2.6.1: the module
// forgets an ASN.1 string for each signature (C_Sign → d2i_ASN1_OCTET_STRING). It is unloaded when
// the leaks are looked for, so they can only be known by OpenSSL's allocators. Our own use of these
// is looked at in core's tests, which load no module.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
    return "leak:ASN1_STRING_set\nleak:CRYPTO_zalloc\n";
}
