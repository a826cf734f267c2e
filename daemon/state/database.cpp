#include "daemon/state/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "holdfast/descriptor.h"

namespace holdfast::daemon {

namespace {

Error failure(sqlite3* database, int result) {
    const std::string text = database != nullptr ? ::sqlite3_errmsg(database) : "out of memory";
    switch (result & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {Code::conflict, "registry: in use by another process"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return {Code::invalid, "registry: damaged: " + text};
        case SQLITE_CONSTRAINT:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_ERROR: return {Code::internal, "registry: " + text};
        default: return {Code::unavailable, "registry: " + text, Retry::later};
    }
}

// SQLite would create it with the umask's mode.
Done create_private(const std::string& path) {
    constexpr mode_t owner_only = 0600;
    const Descriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only));
    if (file) return done();
    return Error(Code::unavailable,
                 "registry: " + path + ": " + std::generic_category().message(errno));
}

Done set_up(const Database& database) {
    HOLDFAST_CHECK(database.run("PRAGMA locking_mode = EXCLUSIVE"));
    HOLDFAST_TRY(mode, database.text("PRAGMA journal_mode = WAL"));
    if (mode != "wal")
        return Error(Code::unavailable, "registry: this file system cannot keep a WAL journal");
    HOLDFAST_CHECK(database.run("PRAGMA synchronous = FULL"));
    HOLDFAST_CHECK(database.run("PRAGMA foreign_keys = ON"));
    HOLDFAST_CHECK(database.run("PRAGMA trusted_schema = OFF"));
    // Takes the exclusive lock now, not at the first write.
    HOLDFAST_CHECK(database.run("BEGIN IMMEDIATE"));
    HOLDFAST_CHECK(database.run("COMMIT"));
    HOLDFAST_TRY(found, database.text("PRAGMA quick_check(1)"));
    if (found != "ok") return Error(Code::invalid, "registry: damaged: " + found);
    return done();
}

}  // namespace

void Query::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    (void)::sqlite3_finalize(statement);
}

Query& Query::bind(std::int64_t value) {
    const int result = ::sqlite3_bind_int64(statement_.get(), ++bound_, value);
    if (failure_ == SQLITE_OK) failure_ = result;
    return *this;
}

Query& Query::bind(std::string_view value) {
    // An empty view may have no address, which SQLite would read as NULL.
    const char* text = value.data() != nullptr ? value.data() : "";
    const int result = ::sqlite3_bind_text64(statement_.get(), ++bound_, text, value.size(),
                                             SQLITE_STATIC, SQLITE_UTF8);
    if (failure_ == SQLITE_OK) failure_ = result;
    return *this;
}

Query& Query::bind(ByteView value) {
    const int result = value.empty()
                           ? ::sqlite3_bind_zeroblob(statement_.get(), ++bound_, 0)
                           : ::sqlite3_bind_blob64(statement_.get(), ++bound_, value.data(),
                                                   value.size(), SQLITE_STATIC);
    if (failure_ == SQLITE_OK) failure_ = result;
    return *this;
}

Query& Query::bind_null() {
    const int result = ::sqlite3_bind_null(statement_.get(), ++bound_);
    if (failure_ == SQLITE_OK) failure_ = result;
    return *this;
}

Result<bool> Query::step() {
    if (failure_ != SQLITE_OK) return failure(database_, failure_);
    const int result = ::sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return failure(database_, result);
}

Done Query::run() {
    HOLDFAST_TRY(row, step());
    if (row) return Error(Code::internal, "registry: a row where none was expected");
    return done();
}

std::int64_t Query::integer(int column) const {
    return ::sqlite3_column_int64(statement_.get(), column);
}

std::string Query::text(int column) const {
    const Bytes found = bytes(column);
    return std::string(text_of(found));
}

Bytes Query::bytes(int column) const {
    const auto* data =
        static_cast<const std::uint8_t*>(::sqlite3_column_blob(statement_.get(), column));
    const int size = ::sqlite3_column_bytes(statement_.get(), column);
    if (data == nullptr || size <= 0) return {};
    return {data, data + size};
}

void Database::Close::operator()(sqlite3* database) const noexcept {
    (void)::sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::string& path) {
    HOLDFAST_CHECK(create_private(path));
    sqlite3* raw = nullptr;
    const int result = ::sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    Database database(raw);
    if (result != SQLITE_OK) return failure(raw, result).within(path);
    if (auto ready = set_up(database); !ready) return std::move(ready).error().within(path);
    return database;
}

Result<Query> Database::prepare(std::string_view sql) const {
    sqlite3_stmt* raw = nullptr;
    const int result = ::sqlite3_prepare_v2(database_.get(), sql.data(),
                                            static_cast<int>(sql.size()), &raw, nullptr);
    if (result != SQLITE_OK) return failure(database_.get(), result);
    return Query(database_.get(), raw);
}

Done Database::run(std::string_view sql) const {
    HOLDFAST_TRY(statement, prepare(sql));
    // PRAGMAs answer with a row nobody asked for.
    while (true) {
        HOLDFAST_TRY(row, statement.step());
        if (!row) return done();
    }
}

Result<std::int64_t> Database::integer(std::string_view sql) const {
    HOLDFAST_TRY(statement, prepare(sql));
    HOLDFAST_TRY(row, statement.step());
    if (!row) return Error(Code::not_found, "registry: no such row");
    return statement.integer(0);
}

Result<std::string> Database::text(std::string_view sql) const {
    HOLDFAST_TRY(statement, prepare(sql));
    HOLDFAST_TRY(row, statement.step());
    if (!row) return Error(Code::not_found, "registry: no such row");
    return statement.text(0);
}

Result<Transaction> Transaction::begin(const Database& database) {
    HOLDFAST_CHECK(database.run("BEGIN IMMEDIATE"));
    return Transaction(database);
}

// NOLINTNEXTLINE(bugprone-exception-escape): only for want of memory, and then the process ends.
Transaction::~Transaction() {
    // A failed rollback leaves the same: SQLite drops what was never committed.
    if (database_ != nullptr) (void)database_->run("ROLLBACK");
}

Done Transaction::commit() {
    HOLDFAST_CHECK(database_->run("COMMIT"));
    database_ = nullptr;
    return done();
}

}  // namespace holdfast::daemon
