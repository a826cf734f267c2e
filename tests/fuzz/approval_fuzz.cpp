// What operators sign and what records keep of it: one text each, and nothing made up is approved.
#include "core/encode/json.h"
#include "policy/approvals.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using fuzz::promise;

namespace {

// One operator, whose private key nobody has.
const policy::Operators& people() {
    static const auto operators = [] {
        const std::string key(tests::by_others::ssh_ed25519.key);
        return policy::Operators::parse(
            "o", "[[operator]]\nname = \"carol\"\ngroups = [\"finance\"]\nkeys = [\"" +
                     key.substr(0, key.find('\n')) + "\"]\n");
    }();
    return *operators;
}

void check_document(std::string_view text) {
    const auto document = policy::parse_approval_document(text);
    if (!document) return;
    const auto again = policy::write_approval_document(*document);
    promise(again && *again == text, "a document has one text");
    promise(policy::is_approval_id(document->id), "a document has an id");
    promise(document->demand.approvals >= 1 && document->demand.approvals <= policy::max_approvals,
            "somebody is asked");
}

void check_kept(std::string_view text) {
    const auto json = encode::parse_json(text);
    if (!json) return;
    const auto kept = policy::signed_approval_from(*json);
    if (!kept) return;
    promise(encode::canonical(policy::to_json(*kept)) == encode::canonical(*json),
            "what is kept reads as it is written");
    promise(!policy::check_approvals(*kept, people()), "none is forged");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = text_of(ByteView(data, size));
    check_document(text);
    check_kept(text);
    return 0;
}
