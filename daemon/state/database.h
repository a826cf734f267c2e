// Database: an SQLite connection and query that close themselves and speak Result.
#ifndef HOLDFAST_DAEMON_STATE_DATABASE_H
#define HOLDFAST_DAEMON_STATE_DATABASE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::daemon {

class Query {
  public:
    Query(sqlite3* database, sqlite3_stmt* statement) noexcept
        : database_(database), statement_(statement) {}

    // Parameters in order. The bytes must live until the statement has run.
    Query& bind(std::int64_t value);
    Query& bind(std::string_view value);
    Query& bind(ByteView value);
    Query& bind_null();

    // True while there is a row.
    Result<bool> step();
    Done run();  // for what returns no row

    std::int64_t integer(int column) const;
    std::string text(int column) const;
    Bytes bytes(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int failure_ = 0;  // of the first bind that failed; step() reports it
};

class Database {
  public:
    // Creates the file (mode 0600) if needed: WAL, synchronous=FULL, foreign keys, and exclusive:
    // a second process gets conflict. Anything that is no intact SQLite file is invalid.
    static Result<Database> open(const std::string& path);

    Result<Query> prepare(std::string_view sql) const;
    Done run(std::string_view sql) const;
    // One row, one column; not_found without a row.
    Result<std::int64_t> integer(std::string_view sql) const;
    Result<std::string> text(std::string_view sql) const;

  private:
    struct Close {
        void operator()(sqlite3* database) const noexcept;
    };
    explicit Database(sqlite3* database) noexcept : database_(database) {}
    std::unique_ptr<sqlite3, Close> database_;
};

// All of it or nothing: rolls back unless commit() succeeded.
class Transaction {
  public:
    static Result<Transaction> begin(const Database& database);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    Done commit();

  private:
    explicit Transaction(const Database& database) noexcept : database_(&database) {}
    const Database* database_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_DATABASE_H
