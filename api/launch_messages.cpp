#include "api/launch_messages.h"

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

using encode::Json;

Result<LaunchRequest> read_launch(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "launch request"));
    LaunchRequest request;
    if (fields.any("manifest") != nullptr) {
        HOLDFAST_TRY(manifest, fields.sha256_hex("manifest"));
        request.manifest = manifest;
    }
    HOLDFAST_TRY(allow_downgrade, fields.boolean_or("allow_downgrade", false));
    request.allow_downgrade = allow_downgrade;
    HOLDFAST_CHECK(fields.finish());
    return request;
}

Result<StopRequest> read_stop(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "stop request"));
    StopRequest request;
    if (fields.any("instance") != nullptr) {
        HOLDFAST_TRY(instance, fields.text("instance", max_instance_name));
        request.instance = std::move(instance);
    }
    HOLDFAST_CHECK(fields.finish());
    return request;
}

Json texts(const std::vector<std::string>& list) {
    return Json::Array(list.begin(), list.end());
}

}  // namespace

Result<LaunchRequest> launch_request(std::string_view body) {
    if (body.empty()) return LaunchRequest{};
    return read_request(body, read_launch);
}

Result<StopRequest> stop_request(std::string_view body) {
    if (body.empty()) return StopRequest{};
    return read_request(body, read_stop);
}

Json to_json(const Launch& launch) {
    Json::Object json;
    json["agent"] = launch.agent;
    json["instance"] = launch.instance;
    json["version"] = launch.version;
    json["manifest"] = encode::hex(launch.manifest);
    json["tree"] = encode::hex(launch.tree);
    json["signers"] = launch.signers;
    json["pid"] = launch.pid;
    json["uid"] = launch.uid;
    json["cgroup"] = static_cast<std::int64_t>(launch.cgroup);
    json["log"] = printable(launch.log);
    json["session_over"] = launch.session_over;
    json["missing"] = texts(launch.missing);
    return json;
}

Json to_json(const std::vector<Launch>& running, const std::vector<Ending>& ended) {
    Json::Array instances;
    for (const Launch& launch : running)
        instances.emplace_back(to_json(launch));
    Json::Array endings;
    for (const Ending& ending : ended) {
        Json::Object row;
        row["agent"] = ending.agent;
        row["how"] = printable(ending.how);
        row["instance"] = ending.instance;
        endings.emplace_back(std::move(row));
    }
    Json::Object object;
    object["ended"] = std::move(endings);
    object["instances"] = std::move(instances);
    return object;
}

Json to_json(const Stopped& reply) {
    Json::Object object;
    object["agent"] = reply.agent;
    object["instances"] = texts(reply.instances);
    return object;
}

}  // namespace holdfast::api
