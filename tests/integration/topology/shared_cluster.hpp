// One cluster for all tests of a program: making one takes seconds. Each test
// begins with every node running and every replica streaming.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <memory>

#include "tests/support/postgres_cluster.hpp"

namespace relevo::testing {

class SharedCluster : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!cluster_) cluster_ = std::make_unique<PostgresCluster>();
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override { cluster_->heal(); }
  void TearDown() override {
    if (!HasFailure()) return;
    for (std::size_t node = 0; node < cluster_->size(); ++node) {
      const std::string log = cluster_->log(node);
      constexpr std::size_t tail = 2000;
      std::cerr << "--- log of db" << node + 1 << ":\n"
                << log.substr(log.size() > tail ? log.size() - tail : 0) << '\n';
    }
  }
  static PostgresCluster& cluster() { return *cluster_; }

 private:
  static inline std::unique_ptr<PostgresCluster> cluster_;
};

}  // namespace relevo::testing
