// A statement that is read keeps every rule of a manifest, and has one canonical text. Other bytes
// are a script that lint reads.
#include "attest/manifest/diff.h"
#include "attest/manifest/lint.h"
#include "attest/manifest/manifest.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    const auto manifest = attest::parse_statement(text);
    if (!manifest) {
        for (const auto& finding : attest::lint_commands("script", text))
            promise(!finding.advice.empty(), "a finding says what to do");
        return 0;
    }
    promise(attest::check_manifest(*manifest).has_value(), "what is read is a manifest");
    const std::string canonical = attest::to_statement(*manifest);
    const auto again = attest::parse_statement(canonical);
    promise(again.has_value(), "what is written is read");
    promise(attest::to_statement(*again) == canonical, "a manifest has one canonical text");
    promise(attest::diff_manifests(*manifest, *again).empty(), "nothing is lost in between");
    (void)attest::lint_manifest(*manifest, {});
    return 0;
}
