#include "broker/exchange/share/kind_check.h"

#include <algorithm>

#include "broker/ledger/attributes.h"
#include "policy/loader/asked_table.h"
#include "trust/base/uuid.h"

namespace derwent::exchange {
namespace {

constexpr int kMostCategories = 64;

bool AscendsStrictly(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
}

void CheckOneSubject(const v1::Manifest& manifest, const Requirement& require) {
  require(manifest.subjects_size() == 1 && manifest.subjects(0).number() == 1, "manifest.subjects",
          "is one, with the number 1");
}

void CheckQuestion(const v1::Manifest& manifest, const v1::SenderStatement& statement, const Requirement& require) {
  const v1::Question& question = manifest.question();
  CheckOneSubject(manifest, require);
  require(!question.acting_person().empty() && question.acting_person() == statement.acting_person(),
          "manifest.question.acting_person", "is the statement's acting person");
  require(ledger::IsCode(question.role()), "manifest.question.role", "is a role");
  require(question.categories_size() >= 1 && question.categories_size() <= kMostCategories &&
              AscendsStrictly(question.categories()) &&
              std::all_of(question.categories().begin(), question.categories().end(),
                          [](const std::string& category) { return ledger::IsCode(category); }),
          "manifest.question.categories", "are 1 to 64 codes, sorted, each once");
  require(policy::IsTableInOrder(question), "manifest.question.table", policy::kTableRule);
}

void CheckReply(const v1::Manifest& manifest, const Requirement& require) {
  CheckOneSubject(manifest, require);
  require(Uuid::Parse(manifest.reply_to_share_id()).ok(), "manifest.reply_to_share_id", "is a UUID in lowercase");
}

// A later version names the one it supersedes, and no other package does.
void CheckVersion(const v1::Manifest& manifest, const Requirement& require) {
  const std::string& older = manifest.supersedes_share_id();
  const bool pushed = manifest.kind() == v1::PACKAGE_KIND_REFERRAL;
  require(older.empty() || (pushed && older != manifest.share_id() && Uuid::Parse(older).ok()),
          "manifest.supersedes_share_id", "is empty or, in a referral, the UUID in lowercase of another share");
  require((manifest.version() == 1) == older.empty(), "manifest.version",
          "is 1 where nothing is superseded, and there only");
  require(older.empty() || manifest.adds_to_share_id().empty(), "manifest.adds_to_share_id",
          "is empty in a later version");
}

}  // namespace

void CheckKind(const v1::Manifest& manifest, const v1::SenderStatement& statement, const Requirement& require) {
  const bool asks = manifest.kind() == v1::PACKAGE_KIND_SELECTOR;
  const bool replies = manifest.kind() == v1::PACKAGE_KIND_ANSWER || manifest.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
  // An answer may be an agent's own doing, and may hold nothing.
  require(replies || !statement.acting_person().empty(), "sender_statement.acting_person", "names a person");
  const bool counts = asks && policy::AsksForCountsAlone(manifest.question());
  require(replies || counts == manifest.units().empty(), "manifest.units",
          counts ? "are none: counts are about nobody" : "are at least one");
  require(asks == manifest.has_question(), "manifest.question",
          asks ? "says what is asked" : "stands in a selector only");
  require(replies || manifest.reply_to_share_id().empty(), "manifest.reply_to_share_id", "stands in an answer only");
  const std::string& before = manifest.adds_to_share_id();
  const bool pushed = manifest.kind() == v1::PACKAGE_KIND_REFERRAL;
  require(before.empty() || (pushed && before != manifest.share_id() && Uuid::Parse(before).ok()),
          "manifest.adds_to_share_id", "is empty or, in a referral, the UUID in lowercase of another share");
  CheckVersion(manifest, require);
  if (asks) CheckQuestion(manifest, statement, require);
  if (replies) CheckReply(manifest, require);
}

}  // namespace derwent::exchange
