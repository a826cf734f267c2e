// raw-floor: what a signature costs at least: the chip commands of one, and nothing else.
//   raw-floor each|kept MS LEAST PUBLIC PRIVATE INDEX:AUTH:VALUE...
// A key of Holdfast's (TPM2B files, AUTH and VALUE in hex), under its parent 0x81000001, with its
// policy. "each" starts a policy session for each signature, as it is safest; "kept" reuses one:
// the TPM forgets what a session had satisfied when a command has used it (Part 1, 19.7.6). Answers
// are not checked any further. TCTI from $BENCH_TCTI.
#include <tss2/tss2_mu.h>
#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/programs/samples.h"

namespace {

constexpr TPM2_HANDLE parent = 0x81000001;

struct Term {
    TPM2_HANDLE index = 0;
    TSS2L_SYS_AUTH_COMMAND auth{};
    TPM2B_OPERAND value{};
};

// Names the call that failed; a bench that goes on after one measures nothing.
bool good(const char* call, TSS2_RC code) {
    if (code != TSS2_RC_SUCCESS) std::cerr << call << ": 0x" << std::hex << code << "\n";
    return code == TSS2_RC_SUCCESS;
}

TSS2L_SYS_AUTH_COMMAND authorised_by(TPMI_SH_AUTH_SESSION session, TPMA_SESSION attributes) {
    TSS2L_SYS_AUTH_COMMAND auths{};
    auths.count = 1;
    auths.auths[0].sessionHandle = session;
    auths.auths[0].sessionAttributes = attributes;
    return auths;
}

class Floor {
  public:
    bool open(const char* tcti);
    bool load(const std::string& public_file, const std::string& private_file);
    void add(const Term& term) { terms_.push_back(term); }
    bool start_session();
    bool sign(TPMA_SESSION attributes);
    void close();

    bool sign_with_new_session() { return start_session() && sign(0); }
    bool sign_with_kept_session() { return sign(TPMA_SESSION_CONTINUESESSION); }

  private:
    bool satisfy(Term& term);

    std::vector<std::uint64_t> memory_;  // of the SYS context
    TSS2_SYS_CONTEXT* sys_ = nullptr;
    TSS2_TCTI_CONTEXT* tcti_ = nullptr;
    TPM2_HANDLE key_ = 0;
    TPMI_SH_AUTH_SESSION session_ = 0;
    std::vector<Term> terms_;
};

bool Floor::open(const char* tcti) {
    if (tcti == nullptr ||
        !good("Tss2_TctiLdr_Initialize", ::Tss2_TctiLdr_Initialize(tcti, &tcti_)))
        return false;
    const std::size_t size = ::Tss2_Sys_GetContextSize(0);
    memory_.resize(size / sizeof(std::uint64_t) + 1);
    sys_ = reinterpret_cast<TSS2_SYS_CONTEXT*>(memory_.data());
    TSS2_ABI_VERSION version = TSS2_ABI_VERSION_CURRENT;
    return good("Tss2_Sys_Initialize", ::Tss2_Sys_Initialize(sys_, size, tcti_, &version));
}

std::vector<std::uint8_t> content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool Floor::load(const std::string& public_file, const std::string& private_file) {
    const auto public_bytes = content_of(public_file);
    const auto private_bytes = content_of(private_file);
    TPM2B_PUBLIC public_area{};
    TPM2B_PRIVATE private_area{};
    std::size_t offset = 0;
    if (!good("public area", ::Tss2_MU_TPM2B_PUBLIC_Unmarshal(
                                 public_bytes.data(), public_bytes.size(), &offset, &public_area)))
        return false;
    offset = 0;
    if (!good("private area",
              ::Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_bytes.data(), private_bytes.size(), &offset,
                                                &private_area)))
        return false;
    const auto auths = authorised_by(TPM2_RS_PW, 0);
    TPM2B_NAME name{};
    return good("Tss2_Sys_Load", ::Tss2_Sys_Load(sys_, parent, &auths, &private_area, &public_area,
                                                 &key_, &name, nullptr));
}

bool Floor::start_session() {
    TPM2B_NONCE caller{};
    caller.size = 16;
    TPM2B_ENCRYPTED_SECRET no_salt{};
    TPMT_SYM_DEF no_encryption{};
    no_encryption.algorithm = TPM2_ALG_NULL;
    TPM2B_NONCE answered{};
    return good("Tss2_Sys_StartAuthSession",
                ::Tss2_Sys_StartAuthSession(sys_, TPM2_RH_NULL, TPM2_RH_NULL, nullptr, &caller,
                                            &no_salt, TPM2_SE_POLICY, &no_encryption,
                                            TPM2_ALG_SHA256, &session_, &answered, nullptr));
}

bool Floor::satisfy(Term& term) {
    return good("Tss2_Sys_PolicyNV",
                ::Tss2_Sys_PolicyNV(sys_, term.index, term.index, session_, &term.auth, &term.value,
                                    0, TPM2_EO_EQ, nullptr));
}

bool Floor::sign(TPMA_SESSION attributes) {
    for (Term& term : terms_)
        if (!satisfy(term)) return false;
    const auto auths = authorised_by(session_, attributes);
    TPM2B_DIGEST digest{};
    digest.size = 32;
    TPMT_SIG_SCHEME keys_own{};
    keys_own.scheme = TPM2_ALG_NULL;
    TPMT_TK_HASHCHECK no_ticket{};
    no_ticket.tag = TPM2_ST_HASHCHECK;
    no_ticket.hierarchy = TPM2_RH_NULL;
    TPMT_SIGNATURE signature{};
    TSS2L_SYS_AUTH_RESPONSE answers{};
    return good("Tss2_Sys_Sign", ::Tss2_Sys_Sign(sys_, key_, &auths, &digest, &keys_own, &no_ticket,
                                                 &signature, &answers));
}

// The slots are few, and others use the same TPM after us.
void Floor::close() {
    if (session_ != 0) (void)::Tss2_Sys_FlushContext(sys_, session_);
    if (key_ != 0) (void)::Tss2_Sys_FlushContext(sys_, key_);
    if (sys_ != nullptr) ::Tss2_Sys_Finalize(sys_);
    if (tcti_ != nullptr) ::Tss2_TctiLdr_Finalize(&tcti_);
}

bool unhex(std::string_view text, std::uint8_t* into, std::size_t most, std::uint16_t& size) {
    if (text.size() % 2 != 0 || text.size() / 2 > most) return false;
    for (std::size_t i = 0; i < text.size(); i += 2)
        if (std::from_chars(&text[i], &text[i] + 2, into[i / 2], 16).ptr != &text[i] + 2)
            return false;
    size = static_cast<std::uint16_t>(text.size() / 2);
    return true;
}

// INDEX:AUTH:VALUE
bool read_term(std::string_view text, Term& term) {
    const auto first = text.find(':');
    const auto second = text.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return false;
    (void)std::from_chars(text.data(), text.data() + first, term.index);
    term.auth = authorised_by(TPM2_RS_PW, 0);
    auto& hmac = term.auth.auths[0].hmac;
    return unhex(text.substr(first + 1, second - first - 1), hmac.buffer, sizeof hmac.buffer,
                 hmac.size) &&
           unhex(text.substr(second + 1), term.value.buffer, sizeof term.value.buffer,
                 term.value.size);
}

bool measure(Floor& floor, const std::vector<std::string>& arguments) {
    const std::chrono::milliseconds time(std::stoi(arguments[1]));
    const std::size_t least = std::stoul(arguments[2]);
    const bool keeps = arguments[0] == "kept";
    if (!floor.load(arguments[3], arguments[4])) return false;
    for (std::size_t i = 5; i < arguments.size(); ++i) {
        Term term;
        if (!read_term(arguments[i], term)) return false;
        floor.add(term);
    }
    if (keeps && !floor.start_session()) return false;
    const auto turn = [&] {
        return keeps ? floor.sign_with_kept_session() : floor.sign_with_new_session();
    };
    if (!turn()) return false;  // the first one warms caches, and is not counted
    holdfast::bench::Samples samples;
    if (!samples.repeat(time, least, turn)) return false;
    samples.print();
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 5) {
        std::cerr << "usage: raw-floor each|kept MS LEAST PUBLIC PRIVATE INDEX:AUTH:VALUE...\n";
        return 2;
    }
    Floor floor;
    const bool is_measured = floor.open(std::getenv("BENCH_TCTI")) && measure(floor, arguments);
    floor.close();
    return is_measured ? 0 : 1;
}
