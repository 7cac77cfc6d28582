// What the broker's figures say of: words of the policy alone, never a caller's (P03).
#include "broker/rpc/metrics.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "httplib.h"

namespace derwent::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    policy_.organisations["dfrs"] = {.id = "dfrs"};
    policy_.profiles["tb.soce"] = {.id = "tb.soce"};
    policy_.purposes["case.exploitation"] = {.id = "case.exploitation"};
  }
  // The exposition once a decision with these words is durable.
  std::string After(const std::string& agency, const std::string& board, const std::string& purpose) {
    ledger::PendingEntry entry;
    entry.row.columns.step = "request";
    entry.row.columns.releasing_agency = agency;
    entry.row.columns.receiving_agency = agency;
    entry.row.columns.board = board;
    entry.row.columns.purpose = purpose;
    entry.row.columns.outcome = "DENY";
    entry.row.columns.reasons = {"PURPOSE_NOT_PERMITTED"};
    metrics_.Committed(1, absl::Milliseconds(1),
                       ledger::SealedBatch({}, ledger::RecentNodes(trust::RightEdge()), {std::move(entry)}), policy_);
    httplib::Client client("127.0.0.1", metrics_.port());
    const auto scraped = client.Get("/metrics");
    return scraped ? scraped->body : "";
  }

  policy::Policy policy_;
  Metrics metrics_{"127.0.0.1:0"};
};

TEST_F(MetricsTest, CountWhatThePolicyKnowsByName) {
  const std::string figures = After("dfrs", "tb.soce", "case.exploitation");
  for (const char* label : {"agency=\"dfrs\"", "board=\"tb.soce\"", "purpose=\"case.exploitation\""})
    EXPECT_THAT(figures, HasSubstr(label));
}

TEST_F(MetricsTest, AndAllElseAsOther) {
  const std::string figures = After("Oakshott", "14 Quarry Lane", "born.1988-03-09");
  for (const char* word : {"Oakshott", "Quarry", "1988"}) EXPECT_THAT(figures, Not(HasSubstr(word)));
  for (const char* label : {"agency=\"other\"", "board=\"other\"", "purpose=\"other\""})
    EXPECT_THAT(figures, HasSubstr(label));
}

}  // namespace
}  // namespace derwent::rpc
