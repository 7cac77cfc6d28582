#pragma once

#include <functional>
#include <memory>

#include "gtest/gtest.h"

#include "broker/store/store.h"

namespace derwent::store {

// Makes a store over the database of its test; called again in the same test it reopens the same one.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual std::unique_ptr<Store> Open() = 0;
};

using MakeStoreUnderTest = std::function<std::unique_ptr<StoreUnderTest>()>;

// What every store must do: instantiate with
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(MakeStoreUnderTest(...)));
class StoreContract : public ::testing::TestWithParam<MakeStoreUnderTest> {
 protected:
  void SetUp() override {
    under_test_ = GetParam()();
    store_ = under_test_->Open();
    ASSERT_NE(store_, nullptr);
  }
  void Reopen() {
    store_.reset();
    store_ = under_test_->Open();
    ASSERT_NE(store_, nullptr);
  }
  // Runs `write` in one committed transaction.
  void Write(const std::function<void(Transaction&)>& write) {
    auto transaction = store_->Begin();
    ASSERT_TRUE(transaction.ok()) << transaction.status();
    write(**transaction);
    const absl::Status committed = (*transaction)->Commit();
    EXPECT_TRUE(committed.ok()) << committed;
  }
  std::unique_ptr<Reader> Read() { return store_->Read().value(); }

  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<Store> store_;
};

}  // namespace derwent::store
