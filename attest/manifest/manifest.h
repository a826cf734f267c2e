// Manifest: what an agent's code is and how it is started, as its sponsor states it.
#ifndef HOLDFAST_ATTEST_MANIFEST_MANIFEST_H
#define HOLDFAST_ATTEST_MANIFEST_MANIFEST_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attest/manifest/tree.h"
#include "holdfast/bytes.h"
#include "holdfast/measurement.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_manifest = 96UL * 1024 * 1024;  // bytes of the statement
inline constexpr std::size_t max_arguments = 256;
inline constexpr std::size_t max_argument = 4096;
inline constexpr std::size_t max_variables = 256;
inline constexpr std::size_t max_variable = 4096;  // name or value
inline constexpr std::size_t max_host_files = 512;
inline constexpr std::int64_t max_manifest_version = 2'147'483'647;

// Which processes of an instance may ask for signatures.
enum class Signers : std::uint8_t {
    leader = 1,  // the process that was launched, and no child of it
    tree = 2,    // every process of the instance's cgroup
};

struct Manifest {
    std::string name;             // the agent's name: one manifest is of one agent
    std::int64_t version = 0;     // 1…; a lower one than the last launched is a downgrade
    std::int64_t not_before = 0;  // Unix seconds; valid from not_before to not_after, inclusive
    std::int64_t not_after = 0;
    std::string entrypoint;              // path of an ELF file of the tree
    std::vector<std::string> arguments;  // argv, argv[0] included
    std::map<std::string, std::string> environment;
    std::string working_directory;  // of the tree, relative; "" is its root
    Signers signers = Signers::leader;
    // The entrypoint may be read by the agent itself (0555): then the process can be traced by its
    // own uid, so `signers` cannot be `leader`.
    bool readable_entrypoint = false;
    std::map<std::string, Sha256> digests;  // "prompt", "tools", "policy", "model": what else it is
    std::vector<MeasuredFile> host_files;   // outside the tree: loader, libc …; by absolute path
    Tree tree;
};

// The four keys `digests` may have.
bool is_digest_slot(std::string_view name) noexcept;

// Every field within its bounds, the entrypoint a file of the tree with its x bits, the working
// directory a directory of it, not_before ≤ not_after, leader only with an unreadable entrypoint.
Done check_manifest(const Manifest& manifest);

// The in-toto Statement v1 (canonical JSON, RFC 8785): subject "tree" with the root as its
// digest, predicateType manifest_type, predicate as docs/manifests.md lists it.
inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
std::string to_statement(const Manifest& manifest);
// SHA-256 of its bytes: the measurement of what is launched from it.
Sha256 statement_digest(std::string_view statement);
// invalid: not that form, an unknown member, a root that is not the tree's, or check_manifest.
Result<Manifest> parse_statement(std::string_view json);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_MANIFEST_H
