// RegisterHost: a TpmHost with a look at its register by other means: tpm2-tools and the log file.
#ifndef HOLDFAST_TESTS_SUPPORT_REGISTER_HOST_H
#define HOLDFAST_TESTS_SUPPORT_REGISTER_HOST_H

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "attest/eventlog/register_log.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "hsm/key_files.h"
#include "hsm/tpm/register.h"
#include "tests/support/tpm_host.h"

namespace holdfast::tests {

class RegisterHost : public TpmHost {
  public:
    static constexpr std::uint32_t index = 0x018010FF;

    RegisterStatus status() { return tpm->registrar().status(); }
    static std::string content(const std::string& type) {
        return encode::canonical(encode::Json::Object{{"agent", "deploy-bot"}, {"type", type}});
    }
    Result<RegisterPosition> extend(const std::string& type) {
        auto position = tpm->registrar().extend(content(type));
        if (!position) UNSCOPED_INFO(position.error().text());
        return position;
    }

    // ── the log ─────────────────────────────────────────────────────────────────────────────────

    std::vector<std::string> logs() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(keys_dir()))
            if (entry.path().extension() == ".cel") found.push_back(entry.path().string());
        std::sort(found.begin(), found.end());
        return found;
    }
    std::string log() const {
        std::ifstream file(logs().back(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    void write_log(const std::string& text) const {
        std::ofstream(logs().back(), std::ios::binary) << text;
    }
    void append_to_log(const std::string& text) const { write_log(log() + text); }
    static std::string line(std::uint64_t recnum, const std::string& type) {
        return attest::to_cel_line(
            *attest::make_cel_record(recnum, attest::CelPlace::nv_index, index, content(type)));
    }
    Sha256 replayed() const {
        const auto read = attest::read_register_log(log());
        if (!read) FAIL(read.error().text());
        Sha256 value = read->anchor.value;
        for (const auto& event : read->events())
            value = attest::extended(value, event.digest);
        return value;
    }

    // ── the chip, as tpm2-tools sees it ─────────────────────────────────────────────────────────

    std::string auth() const {
        std::ifstream file(keys_dir() + "/register.json");
        const std::string text{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
        const auto json = encode::parse_json(text);
        return encode::hex(*encode::from_base64url(*json->find("auth")->string()));
    }
    Sha256 held() {
        if (chip.run("tpm2_nvread -C 0x18010ff -P hex:" + auth() + " -o held 0x18010ff") != 0)
            FAIL(chip.output);
        std::ifstream file(chip.file("held"), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
        Sha256 value{};
        REQUIRE(bytes.size() == value.size());
        std::copy(bytes.begin(), bytes.end(), value.begin());
        return value;
    }
    std::string pcr(int number) {
        REQUIRE(chip.run("tpm2_pcrread sha256:" + std::to_string(number) +
                         " -o pcr >/dev/null && od -An -tx1 -v pcr | tr -d ' \\n'") == 0);
        return chip.output;
    }
    std::string name_by_tools() {
        REQUIRE(chip.run("tpm2_nvreadpublic 0x18010ff | awk '/name:/{print $2}' | tr -d '\\n'") ==
                0);
        return chip.output;
    }
    int extend_by_tools(const std::string& hex) {
        return chip.run("echo " + hex + " | xxd -r -p >data && tpm2_nvextend -C 0x18010ff -P hex:" +
                        auth() + " -i data 0x18010ff");
    }
    void occupy_index() { REQUIRE(chip.run("tpm2_nvdefine 0x18010ff -s 8") == 0); }

    // Indices of others until nothing fits any more, the register's 32 bytes least of all.
    void fill_nv() {
        REQUIRE(chip.run("i=16777216; for size in 1024 64 8 1; do while tpm2_nvdefine "
                         "$(printf 0x%x $i) -s $size; do i=$((i+1)); done; done; true") == 0);
    }

    // The register by itself, with a clock of the test's own for how long the machine slept.
    void open_register(hsm::Register::Slept slept) {
        auto opened = hsm::Connection::open(options());
        if (!opened) FAIL(opened.error().text());
        connection = std::make_unique<hsm::Connection>(*std::move(opened));
        auto keys = hsm::KeyFiles::open(keys_dir());
        REQUIRE(keys);
        files = std::make_unique<hsm::KeyFiles>(*std::move(keys));
        alone = std::make_unique<hsm::Register>(*connection, *files, index, default_anchor_pcr,
                                                std::move(slept));
        REQUIRE(alone->open());
    }
    std::unique_ptr<hsm::Connection> connection;
    std::unique_ptr<hsm::KeyFiles> files;
    std::unique_ptr<hsm::Register> alone;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_REGISTER_HOST_H
