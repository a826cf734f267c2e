#include "attest/measure/process.h"

#include <algorithm>
#include <string>

#include "attest/measure/environment.h"
#include "attest/measure/mapped_files.h"
#include "attest/measure/maps.h"
#include "attest/measure/process_directory.h"
#include "core/crypto/digest.h"

namespace holdfast::attest {
namespace {

Error changed(std::string text) {
    return Error(Code::denied, std::move(text), Retry::reattest).because("measurement_changed");
}

Result<std::vector<ExecutableMapping>> mappings_now(int maps) {
    HOLDFAST_TRY(text, read_text(maps, maps_bound));
    if (text.empty()) return changed("the process executed another program or ended");
    return executable_mappings(text);
}

Done check_texts(const ProcessDirectory& process, uid_t uid) {
    HOLDFAST_TRY(status, process.read("status", status_bound));
    HOLDFAST_CHECK(check_uids(status, uid));
    HOLDFAST_TRY(environment, process.read("environ", environment_bound));
    return check_loader_environment(environment);
}

bool same_file(const FileMark& a, const FileMark& b) {
    return a.device == b.device && a.inode == b.inode;
}

Error too_many(std::string text) {
    return Error(Code::denied, std::move(text)).because("too_many_mappings");
}

Done check_count(std::size_t files) {
    if (files > max_mapped_files)
        return too_many("measure: more than " + std::to_string(max_mapped_files) +
                        " files are mapped executable");
    return done();
}

Result<std::vector<CodeFile>> open_code(const ProcessDirectory& process,
                                        const std::vector<ExecutableMapping>& mappings,
                                        const MeasureRules& rules) {
    HOLDFAST_CHECK(check_count(mappings.size()));
    std::vector<CodeFile> code;
    HOLDFAST_TRY(executable, open_executable(process, rules));
    code.push_back(std::move(executable));
    for (const auto& mapping : mappings) {
        HOLDFAST_TRY(opened, open_mapping(process, mapping, rules));
        if (!same_file(opened.file.mark, code.front().file.mark)) code.push_back(std::move(opened));
    }
    HOLDFAST_CHECK(check_count(code.size()));
    return code;
}

Done check_total_size(const std::vector<CodeFile>& code) {
    std::uint64_t rest = max_measured_bytes;
    for (const auto& each : code) {
        if (each.file.mark.size > rest)
            return too_many("measure: more than " + std::to_string(max_measured_bytes) +
                            " bytes of code are mapped");
        rest -= each.file.mark.size;
    }
    return done();
}

Result<Measurement> hash_all(std::vector<CodeFile>& code, const MeasureRules& rules,
                             DigestCache& cache) {
    HOLDFAST_CHECK(check_total_size(code));
    Measurement measurement;
    for (auto& each : code) {
        HOLDFAST_TRY(digest, cache.digest_of(each.file, rules));
        measurement.mappings.push_back({each.path, digest});
    }
    measurement.executable = std::move(measurement.mappings.front());
    measurement.mappings.erase(measurement.mappings.begin());
    std::sort(measurement.mappings.begin(), measurement.mappings.end(),
              [](const auto& a, const auto& b) { return a.digest < b.digest; });
    measurement.digest = measurement_digest(measurement);
    return measurement;
}

}  // namespace

Result<ProcessView> measure_process(pid_t pid, int pidfd, const MeasureRules& rules) {
    static DigestCache cache;  // of this process; measuring is not done by several threads
    HOLDFAST_TRY(process, ProcessDirectory::open(pid, pidfd));
    // First: every later look is about this address space, or the pin reads empty at the end.
    HOLDFAST_TRY(maps, process.open_file("maps"));
    HOLDFAST_TRY(mappings, mappings_now(maps.get()));
    HOLDFAST_CHECK(check_texts(process, rules.uid));
    HOLDFAST_TRY(code, open_code(process, mappings, rules));
    HOLDFAST_TRY(measurement, hash_all(code, rules, cache));

    ProcessView view{std::move(measurement), std::move(maps), {}, names_of(mappings), false};
    for (auto& each : code)
        view.files.push_back(std::move(each.file));
    HOLDFAST_CHECK(check_texts(process, rules.uid));
    HOLDFAST_CHECK(still_unchanged(pidfd, view));
    return view;
}

Done still_unchanged(int pidfd, const ProcessView& view) {
    HOLDFAST_CHECK(check_alive(pidfd));
    HOLDFAST_TRY(mappings, mappings_now(view.maps.get()));
    if (names_of(mappings) != view.mapped)
        return changed("other files are mapped executable than were measured");
    for (const auto& file : view.files) {
        HOLDFAST_TRY(mark, mark_of(file.descriptor.get()));
        if (view.ignores_change_time) mark.changed_ns = file.mark.changed_ns;
        if (mark != file.mark) return changed("a measured file was changed");
    }
    // Again: a child that shares the address space keeps the pin readable after its parent's death.
    return check_alive(pidfd);
}

Sha256 measurement_digest(const Measurement& measurement) {
    std::vector<Sha256> digests;
    digests.reserve(measurement.mappings.size());
    for (const auto& mapping : measurement.mappings)
        digests.push_back(mapping.digest);
    std::sort(digests.begin(), digests.end());
    crypto::Sha256Stream stream;
    stream.update(view_of("holdfast-measurement-v1\n")).update(measurement.executable.digest);
    for (const auto& digest : digests)
        stream.update(digest);
    return stream.finish();
}

}  // namespace holdfast::attest
