#include "agents/cli/ledger/verify.h"

#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;
using ::testing::HasSubstr;

class VerifyEntryTest : public ::testing::Test {
 protected:
  VerifyEntryTest() : key_(*trust::VerifierKey::Parse(log_.vkey())) {
    entry_.set_index(3);
    entry_.mutable_receipt()->set_tlog_proof(log_.Proof(3));
    v1::OpenedField& field = *entry_.add_fields();
    field.set_number(4);
    field.set_value("dfrs");
  }
  const SampleLog log_{7};
  const trust::VerifierKey key_;
  v1::LedgerEntry entry_;
};

TEST_F(VerifyEntryTest, AcceptsWhatTheReceiptProves) { EXPECT_THAT(VerifyEntry(entry_, key_, kOrigin), IsOk()); }

TEST_F(VerifyEntryTest, RefusesAFieldThatIsNotWhatTheReceiptProves) {
  entry_.mutable_fields(0)->set_value("cbc");
  EXPECT_THAT(VerifyEntry(entry_, key_, kOrigin), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("field 4")));
}

TEST_F(VerifyEntryTest, RefusesAFieldThatTheReceiptDoesNotOpen) {
  entry_.mutable_fields(0)->set_number(3);
  EXPECT_THAT(VerifyEntry(entry_, key_, kOrigin), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(VerifyEntryTest, AnotherEntryThanWasAskedForIsRefused) {
  EXPECT_THAT(VerifyAsked(entry_, 3, key_, kOrigin), IsOk());
  EXPECT_THAT(VerifyAsked(entry_, 2, key_, kOrigin),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("entry 3 is shown")));
}

TEST_F(VerifyEntryTest, RefusesTheReceiptOfAnotherEntry) {
  entry_.set_index(4);
  EXPECT_THAT(VerifyEntry(entry_, key_, kOrigin), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("of entry 3")));
}

}  // namespace
}  // namespace derwent::cli
