#include "broker/exchange/command/query_entry.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/ledger/attributes.h"
#include "broker/ledger/entry_opener.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

using trust::Field;

constexpr char kTokenRule[] = "is one that an earlier page of this query gave, an hour after its first at most";
constexpr absl::Duration kTokenLasts = absl::Hours(1);

bool IsOf(const trust::SealedFields& fields, const Caller& caller, const Look& look) {
  return ledger::Attribute(fields[Field::kStep], "step") == "read" &&
         fields[Field::kReleasingAgency] == caller.agency() && fields[Field::kReleasingPerson] == caller.person() &&
         ledger::Attribute(fields[Field::kIds], "request") == look.what &&
         fields[Field::kManifestDigest] == look.query.view();
}

}  // namespace

std::string QueryToken::ToString() const { return absl::StrCat(position, "-", entry); }

std::optional<QueryToken> ReadQueryToken(const std::string& text, Violations& violations) {
  if (text.empty()) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  QueryToken token;
  const bool reads =
      parts.size() == 2 && absl::SimpleAtoi(parts[0], &token.position) && absl::SimpleAtoi(parts[1], &token.entry);
  violations.Require(reads, "page_token", kTokenRule);
  return reads ? std::optional<QueryToken>(token) : std::nullopt;
}

absl::StatusOr<uint64_t> EnterLook(const Caller& caller, const Look& look, Batch& batch) {
  ledger::EntryDraft draft("read", ledger::Actor::kReleasing);
  draft.SetReleasing(caller.agency(), caller.person()).SetIds("", look.what, "");
  if (!look.tags.empty()) draft.SetSubject(1, "", look.tags);
  if (look.query != Sha256Digest()) draft.SetManifestDigest(look.query);
  draft.SetOutcome("", {}, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft);
}

absl::StatusOr<uint64_t> EnterPage(const Caller& caller, const Look& look, const std::optional<QueryToken>& token,
                                   Batch& batch) {
  if (!token.has_value()) return EnterLook(caller, look, batch);
  const absl::StatusOr<ledger::FoundEntry> found = ledger::FindEntry(batch.read(), token->entry);
  if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
  const bool fresh = found.ok() && batch.now() - found->row.time <= kTokenLasts;
  if (fresh && IsOf(found->entry.fields, caller, look)) return token->entry;
  Violations violations;
  violations.Add("page_token", kTokenRule);
  return violations.ToStatus();
}

}  // namespace derwent::exchange
