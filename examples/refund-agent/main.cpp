// refund-agent: a small agent that asks who it is, takes its credential and signs what it does.
//
// It holds no key and no password. What it may do follows from which program it is and under which
// user it runs; the daemon looks at both. One line of JSON per step on standard output.
#include <boost/program_options.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/client.h"

namespace {

namespace options = boost::program_options;

struct Job {
    std::string socket = holdfast::default_agent_socket();
    std::string action = "refund.create";
    std::string audience = "https://payments.example";
    std::string resource = "order/4711";
    std::string params = R"({"amount_minor":4200,"currency":"EUR"})";
    std::string on_behalf_of = "customer-care";
    std::string nonce;  // set = also ask for evidence, for this verifier
    std::string verifier = "https://verifier.example";
    bool only_sign = false;
};

// RFC 8259 §7. Everything below 0x20 is escaped; the rest is passed on as UTF-8.
std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result = "\"";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            result.append({'\\', letter});
        } else if (byte < 0x20) {
            result.append("\\u00").append({digits[byte >> 4U], digits[byte & 15U]});
        } else {
            result.push_back(letter);
        }
    }
    return result + '"';
}

// Says how the step went, in one line; the daemon's reply is JSON already.
bool told(std::string_view step, const holdfast::Result<holdfast::Reply>& reply) {
    std::cout << "{\"step\":" << quoted(step);
    if (!reply) {
        std::cout << ",\"error\":" << quoted(reply.error().text()) << "}\n" << std::flush;
        return false;
    }
    std::cout << ",\"status\":" << reply->status << ",\"reply\":" << reply->body << "}\n"
              << std::flush;
    return reply->status < 300;
}

std::string action_request(const Job& job) {
    std::string json = "{\"action\":" + quoted(job.action);
    json += ",\"audience\":" + quoted(job.audience);
    json += ",\"resource\":" + quoted(job.resource);
    json += ",\"on_behalf_of\":" + quoted(job.on_behalf_of);
    return json + ",\"params\":" + job.params + "}";
}

std::string evidence_request(const Job& job) {
    return "{\"nonce\":" + quoted(job.nonce) + ",\"verifier\":" + quoted(job.verifier) + "}";
}

bool work(const Job& job) {
    const holdfast::Client daemon(job.socket);
    if (job.only_sign) return told("sign", daemon.post("/v1/actions", action_request(job)));
    return told("whoami", daemon.get("/v1/whoami")) &&
           told("credential", daemon.post("/v1/credential", "{}")) &&
           told("sign", daemon.post("/v1/actions", action_request(job))) &&
           (job.nonce.empty() ||
            told("evidence", daemon.post("/v1/evidence", evidence_request(job))));
}

std::optional<Job> read_job(int argc, char** argv) {
    Job job;
    options::options_description described("refund-agent");
    const auto text = [](std::string& where) { return options::value(&where); };
    described.add_options()("help", "explain the options");
    described.add_options()("socket", text(job.socket), "the daemon's agent socket");
    described.add_options()("action", text(job.action), "what to do");
    described.add_options()("audience", text(job.audience), "who is to act on it");
    described.add_options()("resource", text(job.resource), "what it is done to");
    described.add_options()("params", text(job.params), "parameters, a JSON object");
    described.add_options()("on-behalf-of", text(job.on_behalf_of), "who wants it");
    described.add_options()("nonce", text(job.nonce), "a verifier's nonce: also get evidence");
    described.add_options()("verifier", text(job.verifier), "that verifier's id");
    described.add_options()("only-sign", "skip the other steps");
    options::variables_map given;
    options::store(options::parse_command_line(argc, argv, described), given);
    options::notify(given);
    job.only_sign = given.count("only-sign") != 0;
    if (given.count("help") == 0) return job;
    std::cout << described;
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto job = read_job(argc, argv);
        if (!job) return 0;
        return work(*job) ? 0 : 1;
    } catch (const std::exception& problem) {
        std::cerr << "refund-agent: " << problem.what() << '\n';
        return 2;
    }
}
