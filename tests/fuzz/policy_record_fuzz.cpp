// A foreign ledger's record, decided again and explained: whatever it holds, it is counted once,
// and nothing of it reaches a terminal but printable lines.
#include <algorithm>

#include "cli/commands/record_words.h"
#include "policy/replay.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

constexpr const char* rules =
    "//! version = 7\n"
    "@id(\"small\") @reason(\"r\") permit(principal, action == Action::\"refund.create\", "
    "resource)\n"
    "when { context has params && context.params.amount <= 50 };\n"
    "@id(\"two\") @approvals(\"2\") @approvers(\"finance\")\n"
    "permit(principal in Environment::\"production\", action in Action::\"order\", resource);\n"
    "@id(\"no\") forbid(principal in Custody::\"software-tpm\", action, resource);\n";

const policy::Policies& policies() {
    static const policy::Policies all = [] {
        auto set = policy::parse_policy_set("refunds.cedar", rules);
        promise(set.has_value(), "the policies are right");
        set->may_permit = true;
        policy::PolicySets sets;
        sets.emplace("refunds", *std::move(set));
        return *policy::Policies::of(std::move(sets));
    }();
    return all;
}

void check_replay(const ledger::Record& record) {
    policy::Replay replay(policies());
    const encode::Json::Object agent{
        {"agent", "bot"}, {"owner", "o"}, {"policy_author", "p"}, {"sponsor", "s"}};
    promise(replay.take("agent", 0, 0, agent).has_value(), "an agent is known");
    promise(replay.take(record.type, record.index, record.time, record.members).has_value(),
            "one record is never too many");
    const policy::Replayed& all = replay.replayed();
    promise(all.actions == all.same + all.other_rules + all.changed, "each is one of three");
    promise(all.changes.size() == all.changed + all.now_permitted, "each change is listed");
    std::uint64_t counted = all.actions;
    for (const auto& [why, count] : all.not_replayed)
        counted += count;
    promise(counted == (record.type == "action" ? 1U : 0U), "an action is counted once");
}

void check_words(const ledger::Record& record) {
    cli::Around around;
    around.agent = record;
    around.withheld = record;
    const std::string text = cli::record_words(record, around, policies().sets());
    bool plain = std::ranges::none_of(text, [](unsigned char letter) {
        return (letter < 0x20 && letter != '\n') || letter == 0x7f;
    });
    // U+0080 to U+009F are controls, too.
    for (std::size_t at = text.find('\xc2'); at != std::string::npos;
         at = text.find('\xc2', at + 1))
        plain =
            plain && (at + 1 == text.size() || static_cast<unsigned char>(text[at + 1]) >= 0xa0);
    promise(plain, "a terminal sees printable lines");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto record = ledger::decode_record({data, size});
    if (!record) return 0;
    check_replay(*record);
    check_words(*record);
    return 0;
}
