// An in-toto Statement as a manifest; manifest_writer.cpp is the other direction.
#include <array>

#include "attest/manifest/manifest.h"
#include "attest/manifest/members.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

// Six to an entry of the tree, three to a host file, and what else there is.
constexpr std::size_t max_values =
    6 * max_tree_entries + 3 * max_host_files + max_arguments + max_variables + 64;

Error wrong(std::string_view why) {
    return {Code::invalid, "manifest: " + std::string(why)};
}

Error wrong_entry(std::size_t index, std::string_view why) {
    return wrong("tree[" + std::to_string(index) + "]: " + std::string(why));
}

Result<std::uint32_t> mode_from(std::string_view text) {
    std::uint32_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7') return wrong("a mode is four octal digits");
        mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    }
    if (text.size() != 4) return wrong("a mode is four octal digits");
    return mode;
}

// Fields would cost a set of names per entry; these arrays have fixed places, and there may be
// hundreds of thousands of them.
class Places {
  public:
    static Result<Places> of(const Json& json) {
        const Json::Array* array = json.array();
        if (array == nullptr || array->size() < 2) return wrong("must be an array of its kind");
        for (const std::size_t text : {0U, 1U})
            if ((*array)[text].string() == nullptr) return wrong("word and path must be strings");
        return Places(*array);
    }
    std::size_t size() const { return array_->size(); }
    const std::string& word() const { return *(*array_)[0].string(); }
    const std::string& path() const { return *(*array_)[1].string(); }
    Result<const std::string*> text(std::size_t place) const {
        const std::string* string = (*array_)[place].string();
        if (string == nullptr) return wrong("a string is expected");
        return string;
    }
    Result<std::uint64_t> size_at(std::size_t place) const {
        const std::int64_t* integer = (*array_)[place].integer();
        if (integer == nullptr || *integer < 0) return wrong("a size is a number from 0 on");
        return static_cast<std::uint64_t>(*integer);
    }

  private:
    explicit Places(const Json::Array& array) : array_(&array) {}
    const Json::Array* array_;
};

Result<TreeEntry> entry_from(const Json& json) {
    HOLDFAST_TRY(places, Places::of(json));
    const bool is_file = places.word() == file_word;
    const bool is_link = places.word() == link_word;
    if (!is_file && !is_link && places.word() != directory_word)
        return wrong("must begin with \"f\", \"d\" or \"l\"");
    if (places.size() != (is_file ? 5U : 3U)) return wrong("has too few or too many elements");
    TreeEntry entry;
    entry.path = places.path();
    HOLDFAST_TRY(third, places.text(2));
    if (is_link) {
        entry.type = EntryType::link;
        entry.target = *third;
        entry.digest = crypto::sha256(view_of(entry.target));
        return entry;
    }
    entry.type = is_file ? EntryType::file : EntryType::directory;
    HOLDFAST_TRY(mode, mode_from(*third));
    entry.mode = mode;
    if (!is_file) return entry;
    HOLDFAST_TRY(size, places.size_at(3));
    HOLDFAST_TRY(hex, places.text(4));
    HOLDFAST_TRY(digest, encode::sha256_from_hex(*hex));
    entry.size = size;
    entry.digest = digest;
    return entry;
}

Result<Tree> tree_from(const Json::Array& array) {
    if (array.size() > max_tree_entries) return wrong("tree: more than 262144 entries");
    Tree tree;
    tree.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
        auto entry = entry_from(array[i]);
        if (!entry) return wrong_entry(i, entry.error().text());
        tree.push_back(*std::move(entry));
    }
    return tree;
}

Result<Signers> signers_from(std::string_view text) {
    for (const auto& [value, word] : signers_words)
        if (word == text) return value;
    return wrong("signers must be leader or tree");
}

Result<std::vector<std::string>> arguments_from(const Json::Array& array) {
    if (array.size() > max_arguments) return wrong("arguments: more than 256");
    std::vector<std::string> arguments;
    for (const Json& each : array) {
        if (each.string() == nullptr) return wrong("arguments must be strings");
        arguments.push_back(*each.string());
    }
    return arguments;
}

Result<std::vector<MeasuredFile>> host_files_from(const Json::Array& array) {
    if (array.size() > max_host_files) return wrong("host_files: more than 512");
    std::vector<MeasuredFile> files;
    for (const Json& each : array) {
        const Json::Array* pair = each.array();
        if (pair == nullptr || pair->size() != 2 || (*pair)[0].string() == nullptr ||
            (*pair)[1].string() == nullptr)
            return wrong("host_files must be pairs of path and SHA-256");
        HOLDFAST_TRY(digest, encode::sha256_from_hex(*(*pair)[1].string()));
        files.push_back({*(*pair)[0].string(), digest});
    }
    return files;
}

Done read_maps(Fields& fields, Manifest& manifest) {
    HOLDFAST_TRY(environment, fields.object("environment"));
    HOLDFAST_TRY(digests, fields.object("digests"));
    for (const auto& [name, value] : *environment->object()) {
        if (value.string() == nullptr) return wrong("environment: values must be strings");
        manifest.environment.emplace(name, *value.string());
    }
    for (const auto& [slot, value] : *digests->object()) {
        if (value.string() == nullptr) return wrong("digests: must be strings of hex");
        HOLDFAST_TRY(digest, encode::sha256_from_hex(*value.string()));
        manifest.digests.emplace(slot, digest);
    }
    return done();
}

Done read_lists(Fields& fields, Manifest& manifest) {
    HOLDFAST_TRY(arguments_json, fields.array("arguments"));
    HOLDFAST_TRY(arguments, arguments_from(*arguments_json->array()));
    HOLDFAST_TRY(host_files_json, fields.array("host_files"));
    HOLDFAST_TRY(host_files, host_files_from(*host_files_json->array()));
    HOLDFAST_TRY(tree_json, fields.array("tree"));
    HOLDFAST_TRY(tree, tree_from(*tree_json->array()));
    manifest.arguments = std::move(arguments);
    manifest.host_files = std::move(host_files);
    manifest.tree = std::move(tree);
    return done();
}

Done read_scalars(Fields& fields, Manifest& manifest) {
    HOLDFAST_TRY(name, fields.text("name", max_argument));
    HOLDFAST_TRY(version, fields.integer("version", 1, max_manifest_version));
    HOLDFAST_TRY(not_before, fields.integer("not_before", 0, encode::max_json_integer));
    HOLDFAST_TRY(not_after, fields.integer("not_after", 0, encode::max_json_integer));
    HOLDFAST_TRY(entrypoint, fields.text("entrypoint", max_tree_path));
    HOLDFAST_TRY(working_directory, fields.text("working_directory", max_tree_path));
    HOLDFAST_TRY(signers_text, fields.text("signers", max_argument));
    HOLDFAST_TRY(signers, signers_from(signers_text));
    const Json* readable = fields.any("readable_entrypoint");
    if (readable == nullptr || readable->boolean() == nullptr)
        return wrong("readable_entrypoint must be true or false");
    manifest.name = std::move(name);
    manifest.version = version;
    manifest.not_before = not_before;
    manifest.not_after = not_after;
    manifest.entrypoint = std::move(entrypoint);
    manifest.working_directory = std::move(working_directory);
    manifest.signers = signers;
    manifest.readable_entrypoint = *readable->boolean();
    return done();
}

Result<Manifest> predicate_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "predicate"));
    Manifest manifest;
    HOLDFAST_CHECK(read_scalars(fields, manifest));
    HOLDFAST_CHECK(read_maps(fields, manifest));
    HOLDFAST_CHECK(read_lists(fields, manifest));
    HOLDFAST_CHECK(fields.finish());
    return manifest;
}

// What the statement says the root is.
Result<Sha256> subject_from(const Json::Array& subjects) {
    if (subjects.size() != 1) return wrong("there must be one subject, the tree");
    HOLDFAST_TRY(fields, Fields::of(subjects.front(), "subject"));
    HOLDFAST_TRY(name, fields.text("name", max_argument));
    HOLDFAST_TRY(digests_json, fields.object("digest"));
    HOLDFAST_CHECK(fields.finish());
    if (name != subject_name) return wrong("the subject must be \"tree\"");
    HOLDFAST_TRY(digests, Fields::of(*digests_json, "subject.digest"));
    HOLDFAST_TRY(root, digests.sha256_hex(root_algorithm));
    HOLDFAST_CHECK(digests.finish());
    return root;
}

}  // namespace

Result<Manifest> parse_statement(std::string_view json) {
    HOLDFAST_TRY(value, encode::parse_json(json, max_manifest, max_values));
    HOLDFAST_TRY(fields, Fields::of(value, "statement"));
    HOLDFAST_TRY(type, fields.text("_type", max_argument));
    HOLDFAST_TRY(predicate_type, fields.text("predicateType", max_argument));
    HOLDFAST_TRY(subjects, fields.array("subject"));
    HOLDFAST_TRY(predicate, fields.object("predicate"));
    HOLDFAST_CHECK(fields.finish());
    if (type != statement_type) return wrong("not an in-toto Statement v1");
    if (predicate_type != manifest_type) return wrong("the predicate is not a Holdfast manifest");
    HOLDFAST_TRY(root, subject_from(*subjects->array()));
    HOLDFAST_TRY(manifest, predicate_from(*predicate));
    HOLDFAST_CHECK(check_manifest(manifest));
    if (tree_root(manifest.tree) != root) return wrong("the root is not that of the tree");
    return manifest;
}

}  // namespace holdfast::attest
