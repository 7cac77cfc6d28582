// Whom the agency's own system holds, while it is read anew.
#include "agents/daemon/holding/record_source.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using testing::IsOk;
using testing::StatusIs;

v1::CaseRecord Named(const std::string& surname) {
  v1::CaseRecord record;
  record.set_record_ref(surname);
  record.set_date_of_birth("1949-05-02");
  v1::IdentityFact& name = *record.mutable_identity()->add_facts();
  name.add_given_names("Abel");
  name.set_surname(surname);
  name.set_date_of_birth("1949-05-02");
  record.mutable_location_current()->add_facts()->mutable_place()->set_postcode("S40 1XX");
  return record;
}

class SystemRecordsTest : public ::testing::Test {
 protected:
  void Read(const std::string& surname) { reading_ = std::make_shared<People>(People{.records = {Named(surname)}}); }
  bool Finds(const std::string& surname) {
    const auto found = records_.Find(Named(surname));
    EXPECT_OK(found);
    return found.ok() && found->has_value();
  }

  SystemClock clock_;
  std::shared_ptr<const People> reading_;
  SystemRecords records_{[this] { return reading_; }, clock_};
};

TEST_F(SystemRecordsTest, NobodyCanBeSaidNotToBeHeldBeforeAReading) {
  records_.Index();
  EXPECT_THAT(records_.Find(Named("Kestrel")), StatusIs(absl::StatusCode::kUnavailable));
  Read("Kestrel");
  EXPECT_TRUE(Finds("Kestrel")) << "the first is indexed when it is wanted";
}

TEST_F(SystemRecordsTest, ANewReadingCountsOnceItIsIndexedAndNoLookUpWaitsForThat) {
  Read("Kestrel");
  records_.Index();
  Read("Fennimore");
  EXPECT_TRUE(Finds("Kestrel"));
  EXPECT_FALSE(Finds("Fennimore"));
  records_.Index();
  EXPECT_FALSE(Finds("Kestrel"));
  EXPECT_TRUE(Finds("Fennimore"));
}

TEST_F(SystemRecordsTest, AnIndexOfAReadingThatCountsNoMoreDoesNot) {
  Read("Kestrel");
  records_.Index();
  reading_.reset();
  EXPECT_THAT(records_.Find(Named("Kestrel")), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace derwent::agents
