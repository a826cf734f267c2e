// What travels between front, launcher and supervisor about launched agents: whatever decodes has
// one encoding, each descriptor stays in its place, and none stays open.
#include "daemon/link/kept.h"
#include "daemon/link/launched.h"
#include "tests/fuzz/link.h"

using namespace holdfast;
using fuzz::promise;
using fuzz::same;

namespace {

bool is_an_id(const std::string& instance) {
    return !instance.empty() && instance.size() <= daemon::max_instance_id &&
           instance.find_first_not_of("0123456789abcdef") == std::string::npos;
}

template <class T>
void check_order(const Result<T>& decoded, ByteView payload) {
    if (!decoded) return;
    promise(same(daemon::encode(*decoded), payload), "what is decoded has one encoding");
    promise(is_an_id(decoded->instance), "an instance's id can name a control group");
}

std::vector<Descriptor> devices(std::size_t count) {
    std::vector<Descriptor> opened;
    while (opened.size() < count)
        opened.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return opened;
}

void check_facts(const daemon::LaunchedInstance& facts) {
    promise(is_an_id(facts.instance), "an instance's id can name a control group");
    promise(facts.pid > 0, "a leader is one process, never a group or everybody");
    promise(facts.version >= 0 && facts.version <= attest::max_manifest_version,
            "a version is a manifest's");
    promise(facts.missing.size() <= daemon::max_missing_guarantees, "what is missing is bounded");
    promise(facts.pidfd && facts.view && facts.code, "each descriptor is there");
}

void check_launched(ByteView payload, std::size_t descriptors) {
    const auto launched = daemon::decode_launched({bytes_of(payload), devices(descriptors)});
    if (!launched) return;
    check_facts(*launched);
    const auto again = daemon::encode(*launched);
    promise(
        again.has_value() && same(again->body, payload) && again->descriptors.size() == descriptors,
        "an instance has one encoding");
}

void check_kept(ByteView payload, std::size_t descriptors) {
    daemon::Message message;
    message.operation = daemon::Operation::keep_instance;
    message.payload = bytes_of(payload);
    message.descriptors = devices(descriptors);
    const auto kept = daemon::decode_kept(std::move(message));
    if (!kept) return;
    check_facts(kept->facts);
    promise(kept->listener && kept->output, "what an instance cannot live without is kept");
    const auto again = daemon::encode_kept(*kept);
    promise(again.has_value() && same(again->payload, payload) &&
                again->descriptors.size() == descriptors,
            "what is kept has one encoding");
}

void check_forgotten(ByteView payload) {
    const auto instance = daemon::decode_forget(payload);
    if (instance) promise(is_an_id(*instance), "an instance is forgotten by its id");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int before = fuzz::next_descriptor();
    fuzz::Pieces input({data, size});
    const std::size_t descriptors = input.byte() % 8U;
    const ByteView payload = input.rest();
    check_order(daemon::decode_launch_order(payload), payload);
    check_order(daemon::decode_end_order(payload), payload);
    check_order(daemon::decode_launch_notice(payload), payload);
    check_forgotten(payload);
    check_launched(payload, descriptors);
    check_kept(payload, descriptors);
    promise(fuzz::next_descriptor() == before, "no descriptor stays open");
    return 0;
}
