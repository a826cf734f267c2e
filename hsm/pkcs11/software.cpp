#include "hsm/pkcs11/software.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::hsm::pkcs11 {
namespace {

// Lower case, found anywhere in the names of the token and of its library.
constexpr std::array anywhere = {
    std::string_view("softhsm"),
    std::string_view("mozilla foundation"),  // NSS
    std::string_view("nss internal"),
    std::string_view("kryoptic"),
    std::string_view("pkcs#11 kit"),  // p11-kit's own tokens, and whatever its proxy stands before
    std::string_view("p11-kit"),
    std::string_view("gnome keyring"),
    std::string_view("wolfpkcs11"),
    std::string_view("wolfssl"),
    std::string_view("bouncyhsm"),
    std::string_view("soft token"),
    std::string_view("softtoken"),
    std::string_view("simulator"),
    std::string_view("emulator"),
};
// Whole names of a model, where part of it says too little: openCryptoki's software token and its
// accelerator for clear keys; tpm2-pkcs11 on a simulated TPM.
constexpr std::array models = {
    std::string_view("soft"),
    std::string_view("ica"),
    std::string_view("sw   tpm"),
};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

}  // namespace

bool is_software(const TokenNames& token, const LibraryNames& library) {
    const std::string names = lower(token.manufacturer + "\n" + token.model + "\n" +
                                    library.manufacturer + "\n" + library.description);
    const std::string model = lower(token.model);
    return std::any_of(
               anywhere.begin(), anywhere.end(),
               [&](std::string_view known) { return names.find(known) != std::string::npos; }) ||
           std::find(models.begin(), models.end(), model) != models.end();
}

}  // namespace holdfast::hsm::pkcs11
