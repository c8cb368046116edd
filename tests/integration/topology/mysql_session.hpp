// One connection to MySQL's kind, and calls that wait for its answers.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>

#include "topology/client/mysql_connection.hpp"

namespace relevo::testing {

struct MysqlSession {
  asio::io_context io;
  client::MysqlConnection connection{io};

  // Runs until the handler was called, which must not be from within the call.
  client::Outcome<void> connect(const client::Endpoint& endpoint,
                                model::Duration timeout = std::chrono::seconds(20)) {
    std::optional<client::Outcome<void>> result;
    connection.connect(endpoint, timeout, [&](client::Outcome<void> outcome) {
      EXPECT_FALSE(result) << "called twice";
      result = std::move(outcome);
    });
    EXPECT_FALSE(result) << "called from within";
    run_until([&] { return result.has_value(); });
    return *result;
  }
  client::Outcome<client::Rows> query(const std::string& sql,
                                      model::Duration timeout = std::chrono::seconds(20)) {
    std::optional<client::Outcome<client::Rows>> result;
    connection.query(sql, timeout, [&](client::Outcome<client::Rows> outcome) {
      EXPECT_FALSE(result) << "called twice";
      result = std::move(outcome);
    });
    EXPECT_FALSE(result) << "called from within";
    run_until([&] { return result.has_value(); });
    return *result;
  }
  std::string value(const std::string& sql) {
    const auto rows = query(sql);
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
    return rows && !rows->rows.empty() ? rows->rows[0][0].value_or("NULL") : "";
  }
  void run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(50));
    }
    ASSERT_TRUE(condition());
  }
};

}  // namespace relevo::testing
