#include "cli/commands/report.h"

#include <algorithm>
#include <string_view>

#include "cli/show.h"

namespace holdfast::cli {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Rule;
using encode::Json;

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::pass: return "pass";
        case Outcome::fail: return "fail";
        case Outcome::not_run: return "not run";
    }
    return "not run";
}

std::string_view mark_of(Outcome outcome, bool utf8) {
    switch (outcome) {
        case Outcome::pass: return utf8 ? "✓" : "ok  ";
        case Outcome::fail: return utf8 ? "✗" : "FAIL";
        case Outcome::not_run: break;
    }
    return utf8 ? "–" : "-   ";
}

std::string coloured(std::string_view text, Outcome outcome, bool colour) {
    if (!colour) return std::string(text);
    const std::string_view code = outcome == Outcome::pass   ? "\x1b[32m"
                                  : outcome == Outcome::fail ? "\x1b[31m"
                                                             : "\x1b[33m";
    return std::string(code).append(text).append("\x1b[0m");
}

// Details quote what was examined, so they go through plain(), which keeps control characters out.
std::string line_of(const Rule& rule, std::size_t width, Look look) {
    std::string line = coloured(mark_of(rule.outcome, look.utf8), rule.outcome, look.colour);
    line += ' ' + rule.id + std::string(width - rule.id.size() + 2, ' ');
    if (rule.outcome == Outcome::not_run)
        line += rule.required ? "not run, required: " : "not run: ";
    return line + plain(Json(rule.detail)) + '\n';
}

std::string verdict_text(const Appraisal& appraisal, Look look) {
    const auto count = [&](auto matches) {
        return std::to_string(std::ranges::count_if(appraisal.rules, matches));
    };
    const std::string passed = count([](const Rule& r) { return r.outcome == Outcome::pass; });
    const std::string failed = count([](const Rule& r) { return r.outcome == Outcome::fail; });
    const std::string unrun = count([](const Rule& r) { return r.outcome == Outcome::not_run; });
    const bool accepted = appraisal.accepted();
    const std::string verdict = coloured(accepted ? "accepted" : "REJECTED",
                                         accepted ? Outcome::pass : Outcome::fail, look.colour);
    return verdict + ": " + passed + " passed, " + failed + " failed, " + unrun + " not run\n";
}

// What ran on the host since it booted: texts are the host's, so they go through plain().
std::string launch_text(const attest::Launch& launch) {
    std::string text = "launched: " + plain(Json(launch.agent)) + ", instance " +
                       plain(Json(launch.instance)) + ", " + utc(launch.time) + ", manifest " +
                       plain(Json(launch.manifest));
    if (launch.version) text += " (version " + std::to_string(*launch.version) + ")";
    return text + (launch.ended.empty() ? "" : ", ended: " + plain(Json(launch.ended))) + '\n';
}

Json launch_json(const attest::Launch& launch) {
    return Json::Object{{"agent", launch.agent},
                        {"instance", launch.instance},
                        {"manifest", launch.manifest},
                        {"time", launch.time},
                        {"version", launch.version ? Json(*launch.version) : Json()},
                        {"ended", launch.ended.empty() ? Json() : Json(launch.ended)}};
}

}  // namespace

std::string report_text(const Appraisal& appraisal, Look look) {
    std::size_t width = 0;
    for (const Rule& rule : appraisal.rules)
        width = std::max(width, rule.id.size());
    std::string text;
    for (const Rule& rule : appraisal.rules)
        text += line_of(rule, width, look);
    text += '\n';
    if (!appraisal.subject.empty()) text += "subject: " + plain(Json(appraisal.subject)) + '\n';
    for (const auto& [name, value] : appraisal.claims)
        text += name + ": " + plain(Json(value)) + '\n';
    for (const attest::Launch& launch : appraisal.launches)
        text += launch_text(launch);
    return text + verdict_text(appraisal, look);
}

Json report_json(const Appraisal& appraisal) {
    Json::Array rules;
    for (const Rule& rule : appraisal.rules)
        rules.emplace_back(Json::Object{{"id", rule.id},
                                        {"outcome", name_of(rule.outcome)},
                                        {"required", rule.required},
                                        {"detail", rule.detail}});
    Json::Object claims;
    for (const auto& [name, value] : appraisal.claims)
        claims[name] = value;
    Json::Array launches;
    for (const attest::Launch& launch : appraisal.launches)
        launches.emplace_back(launch_json(launch));
    return Json::Object{{"launches", std::move(launches)},
                        {"verdict", appraisal.accepted() ? "accepted" : "rejected"},
                        {"subject", appraisal.subject},
                        {"claims", std::move(claims)},
                        {"rules", std::move(rules)}};
}

}  // namespace holdfast::cli
