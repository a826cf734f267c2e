#include <algorithm>

#include "core/encode/json.h"
#include "daemon/doctor/doctor.h"

namespace holdfast::daemon {
namespace {

using encode::Json;

constexpr std::size_t verdict_width = 7, part_width = 12;

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::good: return "ok";
        case Verdict::note: return "note";
        case Verdict::unseen: return "unseen";
        case Verdict::wrong: break;
    }
    return "wrong";
}

std::size_t Findings::troubles() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [](const Finding& finding) {
            return finding.verdict == Verdict::wrong || finding.verdict == Verdict::unseen;
        }));
}

std::string report_of(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings.all()) {
        // So that an eye finds it among thirty lines.
        const bool is_wrong = finding.verdict == Verdict::wrong;
        text +=
            padded(is_wrong ? "WRONG" : std::string(to_string(finding.verdict)), verdict_width) +
            padded(finding.part, part_width) + finding.text + "\n";
        if (!finding.remedy.empty())
            text += std::string(verdict_width + part_width, ' ') + "→ " + finding.remedy + "\n";
    }
    const std::size_t troubles = findings.troubles();
    if (troubles == 0) return text + "All is well.\n";
    return text + (troubles == 1 ? "1 thing is" : std::to_string(troubles) + " things are") +
           " not as it should be.\n";
}

std::string json_of(const Findings& findings) {
    Json::Array list;
    for (const Finding& finding : findings.all()) {
        Json::Object one;
        one["part"] = finding.part;
        one["verdict"] = to_string(finding.verdict);
        one["text"] = finding.text;
        one["remedy"] = finding.remedy;
        list.emplace_back(std::move(one));
    }
    Json::Object object;
    object["findings"] = std::move(list);
    object["troubles"] = static_cast<std::int64_t>(findings.troubles());
    return encode::canonical(Json(std::move(object))) + "\n";
}

}  // namespace holdfast::daemon
