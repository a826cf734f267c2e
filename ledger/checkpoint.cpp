#include "ledger/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/crypto/digest.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/signature.h"
#include "core/encode/base64.h"

namespace holdfast::ledger {

namespace {

constexpr std::size_t max_note = 16UL * 1024;
constexpr std::size_t key_id_size = 4;
constexpr std::string_view signature_mark = "\u2014 ";  // em dash, space

Error invalid(std::string_view what) {
    return {Code::invalid, "checkpoint: " + std::string(what)};
}

// Origins and key names: stricter than the note, which only forbids Unicode spaces and plus.
bool is_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
        return letter > ' ' && letter <= '~' && letter != '+';
    });
}

// The text up to the next newline, which is taken too; nothing when there is no newline.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

Result<std::uint64_t> parse_size(std::string_view digits) {
    std::uint64_t size = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, size);
    if (error != std::errc() || stopped != end || std::to_string(size) != digits)
        return invalid("tree size is no plain decimal number");
    return size;
}

// C2SP signed-note, type 0x02: the key ID is SHA-256 of the SubjectPublicKeyInfo, cut short.
Bytes key_id(ByteView spki) {
    const Sha256 digest = crypto::sha256(spki);
    return {digest.begin(), digest.begin() + key_id_size};
}

struct NoteSignature {
    std::string_view key_name;
    Bytes key_id;
    Bytes der;
};

Result<NoteSignature> parse_signature(std::string_view line) {
    if (!line.starts_with(signature_mark)) return invalid("signature line without em dash");
    line.remove_prefix(signature_mark.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos || space == 0)
        return invalid("signature line without key name");
    HOLDFAST_TRY(bytes, encode::from_base64(line.substr(space + 1)));
    if (bytes.size() <= key_id_size) return invalid("signature is too short");
    return NoteSignature{line.substr(0, space), Bytes(bytes.begin(), bytes.begin() + key_id_size),
                         Bytes(bytes.begin() + key_id_size, bytes.end())};
}

// Text and signature lines: divided by the last empty line.
Result<std::pair<std::string_view, std::string_view>> split_note(std::string_view note) {
    if (note.size() > max_note) return invalid("note is too long");
    const bool control = std::any_of(note.begin(), note.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 && letter != '\n';
    });
    if (control) return invalid("control character in note");
    const auto blank = note.rfind("\n\n");
    if (blank == std::string_view::npos) return invalid("note without signatures");
    return std::pair(note.substr(0, blank + 1), note.substr(blank + 2));
}

}  // namespace

std::string checkpoint_text(std::string_view origin, const LedgerHead& head) {
    std::string text(origin);
    text += '\n' + std::to_string(head.size) + '\n' + encode::base64(head.root) + '\n';
    return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    const auto origin = take_line(text);
    const auto size_text = take_line(text);
    const auto root_text = take_line(text);
    if (!origin || !size_text || !root_text || !text.empty())
        return invalid("not exactly three lines");
    if (!is_name(*origin)) return invalid("origin is no name");
    HOLDFAST_TRY(size, parse_size(*size_text));
    HOLDFAST_TRY(root, encode::from_base64(*root_text));
    Checkpoint checkpoint{std::string(*origin), {}};
    if (root.size() != checkpoint.head.root.size()) return invalid("root is not 32 bytes");
    checkpoint.head.size = size;
    std::copy(root.begin(), root.end(), checkpoint.head.root.begin());
    return checkpoint;
}

Result<std::string> signed_note(std::string_view text, std::string_view key_name, ByteView spki,
                                ByteView raw_signature) {
    if (!is_name(key_name)) return invalid("key name has spaces, plus or control characters");
    HOLDFAST_TRY(checkpoint, parse_checkpoint(text));
    HOLDFAST_TRY(der, crypto::der_of_raw(raw_signature));
    Bytes signature = key_id(spki);
    signature.insert(signature.end(), der.begin(), der.end());
    std::string note = checkpoint_text(checkpoint.origin, checkpoint.head) + "\n";
    note += signature_mark;
    note += std::string(key_name) + " " + encode::base64(signature) + "\n";
    return note;
}

Result<Checkpoint> open_note(std::string_view note, std::string_view key_name, ByteView spki) {
    HOLDFAST_TRY(parts, split_note(note));
    auto& [text, signatures] = parts;
    bool verified = false;
    while (!signatures.empty()) {
        const auto line = take_line(signatures);
        if (!line) return invalid("last signature line has no newline");
        HOLDFAST_TRY(signature, parse_signature(*line));
        // Others may have signed too: unknown keys are ignored, a known one must verify.
        if (signature.key_name != key_name || signature.key_id != key_id(spki)) continue;
        HOLDFAST_TRY(raw, crypto::raw_of_der(signature.der, KeyAlgorithm::es256));
        HOLDFAST_CHECK(crypto::verify_es256(spki, view_of(text), raw));
        verified = true;
    }
    if (!verified) return Error(Code::denied, "checkpoint: not signed by " + std::string(key_name));
    return parse_checkpoint(text);
}

}  // namespace holdfast::ledger
