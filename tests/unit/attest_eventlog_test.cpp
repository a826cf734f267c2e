// The register's log as text: one spelling, every limit, and what it adds up to.
#include <string>

#include "attest/eventlog/register_log.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::attest;
using encode::Json;

namespace {

constexpr std::uint32_t index_of_register = 0x018010FF;

CelRecord event(std::uint64_t recnum, const std::string& type = "launch") {
    const Json content = Json::Object{{"agent", "deploy-bot"}, {"type", type}};
    return *make_cel_record(recnum, CelPlace::nv_index, index_of_register,
                            encode::canonical(content));
}

Anchor an_anchor() {
    return {.name = Bytes(34, 7), .value = Sha256{9}, .reset_count = 12, .restart_count = 1};
}

CelRecord anchor_record(std::uint64_t recnum = 0, std::uint32_t pcr = 13) {
    return *make_cel_record(recnum, CelPlace::pcr, pcr, to_content(an_anchor()));
}

std::string log_of(std::initializer_list<CelRecord> records) {
    std::string text;
    for (const CelRecord& record : records)
        text += to_cel_line(record);
    return text;
}

std::string without_newline(std::string line) {
    line.pop_back();
    return line;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto place = text.find(what);
    REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), with);
}

// An event whose content has exactly this size.
std::string content_of_size(std::size_t size, const std::string& type = "launch") {
    const std::string empty = encode::canonical(Json::Object{{"a", ""}, {"type", type}});
    return encode::canonical(
        Json::Object{{"a", std::string(size - empty.size(), 'x')}, {"type", type}});
}

}  // namespace

TEST_CASE("cel: a record is the line of the standard, written out", "[attest][eventlog]") {
    const std::string content = R"({"agent":"deploy-bot","type":"launch"})";
    const std::string digest = encode::hex(crypto::sha256(view_of(content)));
    CHECK(to_cel_line(event(3)) ==
          R"({"content":)" + content + R"(,"content_type":"holdfast","digests":[{"digest":")" +
              digest + R"(","hashAlg":"sha256"}],"nv_index":25170175,)" + R"("recnum":3})" + "\n");
    CHECK(parse_cel_line(without_newline(to_cel_line(event(3)))).has_value());
}

TEST_CASE("cel: a record has one spelling", "[attest][eventlog]") {
    const std::string line = without_newline(to_cel_line(event(3)));
    CHECK_FALSE(parse_cel_line(" " + line));
    CHECK_FALSE(parse_cel_line(replaced(line, ":3}", ": 3}")));
    CHECK_FALSE(parse_cel_line(replaced(line, "\"recnum\":3", "\"recnum\":3,\"z\":1")));
    CHECK_FALSE(parse_cel_line(replaced(line, "sha256", "sha384")));
    CHECK_FALSE(parse_cel_line(replaced(line, "holdfast", "pcclient_std")));
    CHECK_FALSE(parse_cel_line(replaced(line, "\"nv_index\":25170175,", "")));
    CHECK_FALSE(parse_cel_line(
        replaced(line, "\"nv_index\":25170175,", "\"nv_index\":25170175,\"pcr\":13,")));
    CHECK_FALSE(parse_cel_line(replaced(line, "\"nv_index\":25170175,", "\"pcr\":24,")));
    CHECK(parse_cel_line(replaced(line, "\"nv_index\":25170175,", "\"pcr\":23,")));
    CHECK_FALSE(parse_cel_line(""));
}

TEST_CASE("cel: a content that was changed no longer has its digest", "[attest][eventlog]") {
    const std::string line = without_newline(to_cel_line(event(3)));
    const auto changed = parse_cel_line(replaced(line, "deploy-bot", "deploy-bat"));
    REQUIRE_FALSE(changed);
    CHECK(changed.error().text() == "digests: not the digest of the content");
}

TEST_CASE("cel: contents of 16 KiB, and 15 levels, and no more", "[attest][eventlog]") {
    const auto made = [](std::string content) {
        return make_cel_record(0, CelPlace::pcr, 13, std::move(content)).has_value();
    };
    CHECK(made(content_of_size(max_cel_content)));
    CHECK_FALSE(made(content_of_size(max_cel_content + 1)));
    const auto nested = [](std::size_t levels) {
        return std::string("{\"a\":") + std::string(levels - 1, '[') +
               std::string(levels - 1, ']') + "}";
    };
    CHECK(made(nested(encode::max_json_depth - 1)));
    CHECK_FALSE(made(nested(encode::max_json_depth)));
    CHECK_FALSE(made("[]"));
    CHECK_FALSE(made("{ }"));
}

TEST_CASE("cel: record numbers follow each other from 0", "[attest][eventlog]") {
    CHECK(parse_cel(log_of({event(0), event(1)})));
    CHECK(parse_cel("")->empty());
    CHECK_FALSE(parse_cel(log_of({event(1)})));
    CHECK_FALSE(parse_cel(log_of({event(0), event(2)})));
    CHECK_FALSE(parse_cel(log_of({event(0), event(0)})));
    CHECK_FALSE(parse_cel(log_of({event(1), event(0)})));
    CHECK_FALSE(parse_cel(without_newline(log_of({event(0)}))));
    CHECK_FALSE(parse_cel(log_of({event(0)}) + "\n"));
}

TEST_CASE("cel: so many records and bytes, and no more", "[attest][eventlog]") {
    std::string text;
    for (std::uint64_t number = 0; number < max_cel_records; ++number)
        text += to_cel_line(event(number));
    CHECK(parse_cel(text)->size() == max_cel_records);
    CHECK_FALSE(parse_cel(text + to_cel_line(event(max_cel_records))));

    std::string wide;
    std::uint64_t number = 0;
    const auto next = [&](std::size_t size) {
        return to_cel_line(*make_cel_record(number, CelPlace::pcr, 13, content_of_size(size)));
    };
    while (wide.size() + 2 * max_cel_line < max_cel_log) {
        wide += next(max_cel_content);
        ++number;
    }
    // Two lines fill it to the byte.
    const std::size_t overhead = next(1000).size() - 1000;
    const std::size_t left = max_cel_log - wide.size() - 2 * overhead;
    wide += next(left / 2);
    ++number;
    const std::string fits = next(left - left / 2);
    const std::string longer = next(left - left / 2 + 1);
    REQUIRE(wide.size() + fits.size() == max_cel_log);
    CHECK(parse_cel(wide + fits));
    CHECK_FALSE(parse_cel(wide + longer));
}

TEST_CASE("cel: a register is extended as the TPM extends", "[attest][eventlog]") {
    // SHA-256 of 64 zero bytes.
    CHECK(encode::hex(extended(Sha256{}, Sha256{})) ==
          "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

TEST_CASE("cel: the prefix that makes a value is found, and no other", "[attest][eventlog]") {
    const std::vector<CelRecord> records = {event(0), event(1, "stop"), event(2)};
    const Sha256 start{5};
    CHECK(find_prefix(start, records, start) == 0U);
    const Sha256 one = extended(start, records[0].digest);
    const Sha256 two = extended(one, records[1].digest);
    CHECK(find_prefix(start, records, two) == 2U);
    CHECK(find_prefix(start, records, extended(two, records[2].digest)) == 3U);
    CHECK_FALSE(find_prefix(start, records, extended(start, records[1].digest)));
}

TEST_CASE("register log: it begins with one anchor, in a PCR that can be one",
          "[attest][eventlog]") {
    const auto reads = [](std::initializer_list<CelRecord> records) {
        return read_register_log(log_of(records)).has_value();
    };
    CHECK(reads({anchor_record()}));
    CHECK(reads({anchor_record(0, 8), event(1)}));
    CHECK(reads({anchor_record(0, 15), event(1)}));
    CHECK_FALSE(reads({}));
    CHECK_FALSE(reads({event(0)}));
    CHECK_FALSE(reads({anchor_record(0, 7)}));
    CHECK_FALSE(reads({anchor_record(0, 16)}));
    CHECK_FALSE(reads({anchor_record(), anchor_record(1)}));
    CHECK_FALSE(reads({anchor_record(), event(1), anchor_record(2)}));
    // A second anchor may not pass as an event of the register either.
    const auto in_register =
        *make_cel_record(1, CelPlace::nv_index, index_of_register, to_content(an_anchor()));
    CHECK_FALSE(reads({anchor_record(), in_register}));
    auto elsewhere = event(2);
    ++elsewhere.index;
    CHECK_FALSE(reads({anchor_record(), event(1), elsewhere}));
}

TEST_CASE("register log: an anchor comes back as it was, and from nothing else",
          "[attest][eventlog]") {
    const std::string content = to_content(an_anchor());
    CHECK(*anchor_from(content) == an_anchor());
    CHECK_FALSE(anchor_from(replaced(content, "anchor-v1", "anchor-v2")));
    CHECK_FALSE(anchor_from(replaced(content, "\"reset_count\":12", "\"reset_count\":4294967296")));
    CHECK_FALSE(anchor_from(replaced(content, "\"reset_count\":12", "\"reset_count\":-1")));
    CHECK(anchor_from(replaced(content, "\"reset_count\":12", "\"reset_count\":4294967295")));
    CHECK_FALSE(anchor_from("{}"));
}

TEST_CASE("register log: events are objects of a known type, and never an anchor",
          "[attest][eventlog]") {
    for (const char* type : {"launch", "exec_refused", "stop", "kill", "suspend", "reinstate",
                             "revoke", "retire", "policy"})
        CHECK(check_event(encode::canonical(Json::Object{{"type", type}})));
    CHECK_FALSE(check_event(R"({"type":"anchor"})"));
    CHECK_FALSE(check_event(to_content(an_anchor())));
    CHECK_FALSE(check_event(R"({"type":"other"})"));
    CHECK_FALSE(check_event(R"({"type":1})"));
    CHECK_FALSE(check_event(R"({"type": "launch"})"));
    CHECK_FALSE(check_event(R"(["launch"])"));
    CHECK(check_event(content_of_size(max_cel_content)));
    CHECK_FALSE(check_event(content_of_size(max_cel_content + 1)));
}

TEST_CASE("register log: its end is kept for events that end something", "[attest][eventlog]") {
    const std::string launch = R"({"type":"launch"})";
    const std::string stop = R"({"type":"stop"})";
    const std::size_t free_records = max_cel_records - reserved_cel_records;
    CHECK(check_room(free_records - 1, 0, launch));
    CHECK(check_room(free_records, 0, launch).error().reason() == "register_full");
    CHECK(check_room(free_records, 0, stop));
    CHECK(check_room(max_cel_records - 1, 0, stop));
    CHECK(check_room(max_cel_records, 0, stop).error().reason() == "register_full");

    const std::size_t of_line = max_cel_line - max_cel_content;
    const std::size_t launches = max_cel_log - reserved_cel_bytes - launch.size() - of_line;
    CHECK(check_room(1, launches, launch));
    CHECK(check_room(1, launches + 1, launch).error().reason() == "register_full");
    CHECK(check_room(1, launches + 1, stop));
    const std::size_t stops = max_cel_log - stop.size() - of_line;
    CHECK(check_room(1, stops, stop));
    CHECK(check_room(1, stops + 1, stop).error().reason() == "register_full");
}
