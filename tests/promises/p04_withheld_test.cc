// P04, withheld is withheld: a recipient with the broker's whole database and its own keys opens nothing that was
// withheld from it, also when the policy tightens between plan and submit.
#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/sdk/open.h"
#include "agents/sdk/package.h"
#include "agents/sdk/seal/hpke.h"
#include "agents/sdk/seal/unit.h"
#include "tests/integration/consortium.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using testing::Consortium;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;
using testing::TestAgent;

// What policy withholds from a housing provider in this referral: the checklist, the address, the telephone, NHS
// numbers.
constexpr const char* kWithheldFromHousing[] = {"DASH-2009", "Quillfeather", "07700900123", "9990000026", "9990000107"};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Parsed {
  v1::Package package;
  v1::Manifest manifest;
};

class Withheld : public ::testing::Test {
 protected:
  Withheld() : agents_(consortium_.Agents({"police.derbys", "rp.housing", "dcc.adults"})) {}

  TestAgent& police() { return *agents_[0]; }
  TestAgent& housing() { return *agents_[1]; }
  TestAgent& adults() { return *agents_[2]; }

  v1::PushReferralResponse Push() {
    v1::PushReferralRequest request;
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(ReadAll("samples/police.derbys/da-referral.json"), &request).ok());
    request.clear_recipients();
    request.set_companion_child_referral(false);
    request.set_companion_child_reason("REFERRED_ALREADY");
    for (const char* agency : {"rp.housing", "dcc.adults"}) {
      request.add_recipients()->set_agency(agency);
      request.mutable_recipients()->rbegin()->set_role("practitioner");
    }
    const auto response = police().daemon->sender().Push(request);
    EXPECT_OK(response);
    return response.value_or(v1::PushReferralResponse());
  }

  // One column of what a query finds in the broker's database.
  std::vector<std::string> Query(const std::string& sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(
        sqlite3_open_v2((consortium_.folder() + "/broker/broker.db").c_str(), &database, SQLITE_OPEN_READONLY, nullptr),
        SQLITE_OK);
    const auto close = absl::MakeCleanup([&] { sqlite3_close(database); });
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    std::vector<std::string> values;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      const void* octets = sqlite3_column_blob(statement, 0);
      values.emplace_back(static_cast<const char*>(octets),
                          octets == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(statement, 0)));
    }
    sqlite3_finalize(statement);
    return values;
  }

  // Every value of every column of every table.
  std::vector<std::string> EveryValue() {
    std::vector<std::string> all;
    for (const std::string& table : Query("select name from sqlite_schema where type = 'table'")) {
      for (const std::string& column : Query(absl::StrCat("select name from pragma_table_xinfo('", table, "')"))) {
        for (std::string& value : Query(absl::StrCat("select \"", column, "\" from \"", table, "\"")))
          all.push_back(std::move(value));
      }
    }
    return all;
  }

  // Takes a category from the profile, signs the bundle anew beside the one in force, puts it in its place when every
  // signature is there, and waits until it is in force.
  void Tighten(const std::string& category) {
    const std::string before = police().real->GetPolicyBundle({})->policy_digest();
    consortium_.ChangePolicy(absl::StrCat("sed -i '/necessary: \"", category, "\"/d' marac.txtpb"), "marac");
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (police().real->GetPolicyBundle({})->policy_digest() == before) ASSERT_LT(absl::Now(), end);
  }

  Consortium consortium_;
  std::vector<std::unique_ptr<TestAgent>> agents_;
};

TEST_F(Withheld, AWholeDatabaseOpensNothingMoreToARecipientsKeys) {
  Push();
  std::vector<Parsed> packages;
  const std::vector<std::string> values = EveryValue();
  for (const std::string& value : values) {
    Parsed parsed;
    const bool package = parsed.package.ParseFromString(value) && parsed.package.units_size() > 0 &&
                         parsed.manifest.ParseFromString(parsed.package.manifest().payload());
    if (package && !parsed.manifest.recipient_agency().empty()) packages.push_back(std::move(parsed));
  }
  ASSERT_THAT(packages, SizeIs(2)) << "one a recipient, not collected yet";
  const trust::SigningKey& own = housing().daemon->context().identity.keys->sealing()->key;

  std::vector<trust::SecretBytes> keys;
  int rings = 0;
  for (const Parsed& bound : packages) {
    const std::string binding = KeyRingBinding(bound.manifest);
    for (const Parsed& other : packages) {
      const auto opened = HpkeOpen(own, binding, "", other.package.key_ring());
      if (!opened.ok()) continue;
      ++rings;
      EXPECT_EQ(other.manifest.recipient_agency(), "rp.housing");
      v1::KeyRing ring;
      ASSERT_TRUE(ring.ParseFromString(*opened));
      for (const v1::UnitKey& key : ring.keys()) keys.push_back(trust::SecretBytes::CopyOf(key.key()));
    }
    for (const std::string& value : values) EXPECT_FALSE(HpkeOpen(own, binding, "", value).ok());
  }
  EXPECT_EQ(rings, 1) << "its own, and no other";

  std::string plain;
  for (const Parsed& one : packages) {
    for (int i = 0; i < one.manifest.units_size(); ++i) {
      const v1::ManifestUnit& unit = one.manifest.units(i);
      const UnitLabel label{.share_id = one.manifest.share_id(),
                            .version = one.manifest.version(),
                            .unit = unit.number(),
                            .subject = unit.subject(),
                            .category = unit.category(),
                            .form = unit.form()};
      int opened = 0;
      for (const trust::SecretBytes& key : keys) {
        const auto text = OpenUnit(key, label, one.package.units(i));
        if (!text.ok()) continue;
        ++opened;
        absl::StrAppend(&plain, *text);
      }
      EXPECT_EQ(opened, one.manifest.recipient_agency() == "rp.housing" ? 1 : 0) << unit.category();
    }
  }
  EXPECT_THAT(plain, HasSubstr("Oakshott")) << "its own part really opened";
  for (const char* withheld : kWithheldFromHousing) {
    EXPECT_THAT(plain, Not(HasSubstr(withheld)));
    for (const std::string& value : values) ASSERT_THAT(value, Not(HasSubstr(withheld)));
  }
}

TEST_F(Withheld, AnothersPackageIsRejectedThoughTheBrokerDeliversIt) {
  Push();
  v1::Package adults_package;
  adults().broker->on_collect = [&](v1::CollectResponse& response) {
    for (const v1::Delivery& delivery : response.deliveries()) {
      if (delivery.has_package()) adults_package = delivery.package();
    }
  };
  adults().CollectAll();
  ASSERT_GT(adults_package.units_size(), 0);
  housing().broker->on_collect = [&](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) *delivery.mutable_package() = adults_package;
  };
  housing().CollectAll();
  EXPECT_THAT(housing().Alarms(), Contains("PACKAGE_REJECTED"));
  EXPECT_EQ(housing().daemon->context().state.ListInbox(0, 10)->size(), 0u);
}

TEST_F(Withheld, APolicyTightenedBetweenPlanAndSubmitRefusesAllAndLessIsReleased) {
  std::vector<std::string> answers;
  police().broker->before_submit = [&](v1::SubmitReferralRequest&) {
    if (answers.empty()) Tighten("household");
  };
  police().broker->on_submit = [&](absl::StatusOr<v1::SubmitReferralResponse>& answer) {
    EXPECT_OK(answer);
    answers.push_back(absl::StrCat(v1::SubmitOutcome_Name(answer->outcome()), " ", answer->reason()));
    if (answer->outcome() == v1::SUBMIT_OUTCOME_REFUSED) {
      for (const char* table :
           {"share", "share_part", "delivery_payload", "idempotency where method = 'SubmitReferral'"})
        EXPECT_THAT(Query(absl::StrCat("select 1 from ", table)), SizeIs(0)) << table;
      EXPECT_THAT(Query("select 1 from entry_search where step = 'referral'"), Not(SizeIs(0)))
          << "the refusal is entered";
    }
    return absl::OkStatus();
  };
  const v1::PushReferralResponse response = Push();
  EXPECT_THAT(answers, ElementsAre("SUBMIT_OUTCOME_REFUSED POLICY_CHANGED", "SUBMIT_OUTCOME_STORED "));
  ASSERT_EQ(response.shares_size(), 2) << "the second is the child's, which is not made";
  EXPECT_EQ(response.shares(0).state(), "STORED") << response.shares(0).reason();
  for (const v1::UnitOutcome& unit : response.shares(0).units())
    EXPECT_FALSE(unit.category() == "household" && unit.outcome() == "RELEASED");
  adults().CollectAll();
  const std::string file =
      ReadAll(adults().config.handover_folder + "/handover/" + response.shares(0).share_id() + ".json");
  EXPECT_THAT(file, HasSubstr("DASH-2009"));
  EXPECT_THAT(file, Not(HasSubstr("\"household\"")));
}

}  // namespace
}  // namespace derwent::agents
