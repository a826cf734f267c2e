#include "daemon/state/record_members.h"

namespace holdfast::daemon {
namespace {

Error unreadable(const ledger::Record& record, std::string_view member) {
    return Error(Code::invalid,
                 "history: a " + record.type + " record without " + std::string(member));
}

}  // namespace

const encode::Json* member(const ledger::Record& record, std::string_view name) {
    const auto found = record.members.find(name);
    return found == record.members.end() ? nullptr : &found->second;
}

Result<std::string> text(const ledger::Record& record, std::string_view name) {
    const encode::Json* value = member(record, name);
    if (value == nullptr || value->string() == nullptr) return unreadable(record, name);
    return *value->string();
}

Result<std::int64_t> number(const ledger::Record& record, std::string_view name) {
    const encode::Json* value = member(record, name);
    if (value == nullptr || value->integer() == nullptr) return unreadable(record, name);
    return *value->integer();
}

std::string text_or_nothing(const ledger::Record& record, std::string_view name) {
    const encode::Json* value = member(record, name);
    return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
}

}  // namespace holdfast::daemon
