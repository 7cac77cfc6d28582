#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/policy_change.h"
#include "broker/exchange/share/decide.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/packed_entry.h"
#include "broker/ledger/visibility.h"
#include "policy/loader/canonical_request.h"
#include "trust/base/status_macros.h"
#include "trust/entry/canonical.h"
#include "trust/entry/steps.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

// A draft beside the policy in force, over what was really asked. Both decide under the registers of today, so that
// what differs is the policy's doing alone. Only over entries that the asking agency is party to: what a draft of its
// own making changes in a single sealed entry of others would tell what that entry says.

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "ShadowPolicy";
constexpr size_t kMostEntries = 20000;
constexpr size_t kAtOnce = 256;

using Line = std::tuple<std::string, std::string, std::string, std::string>;  // Receiver, category, was, would be.

// Outcome, form, who must agree, what the holder has yet to say.
std::string InWords(const policy::CategoryOutcome* outcome) {
  if (outcome == nullptr) return "not decided";
  if (outcome->denied) return "DENY";
  std::string words = absl::StrCat(outcome->Shown(), " ", policy::FormName(outcome->form));
  if (!outcome->approvers.empty()) absl::StrAppend(&words, " by ", absl::StrJoin(outcome->approvers, "+"));
  if (!outcome->open.empty()) absl::StrAppend(&words, " if ", absl::StrJoin(outcome->open, "+"));
  return words;
}

// Whether the entry is of a question's first decision; its later steps decide the same again.
bool Asks(const ledger::PackedEntry& entry) {
  const absl::string_view step = ledger::Attribute(entry.fields[trust::Field::kStep], "step");
  return entry.kind == trust::EntryKind::kSealed && trust::AsksFirst(step);
}

class Shadowing {
 public:
  Shadowing(const World& active, const World& draft, v1::ShadowPolicyResponse& response)
      : active_(active), draft_(draft), response_(response) {}

  void Put(const policy::CanonicalQuestion& question) {
    const policy::Decision was = active_.Decide(question.request, question.time);
    const policy::Decision would_be = draft_.Decide(question.request, question.time);
    bool changed = false;
    for (const policy::CategoryOutcome& outcome : was.categories) {
      const std::string before = InWords(&outcome);
      const std::string after = InWords(FindOutcome(would_be, outcome.category));
      if (before == after) continue;
      changed = true;
      ++lines_[{question.request.receiving_agency, outcome.category, before, after}];
    }
    response_.set_decisions(response_.decisions() + 1);
    response_.set_changed(response_.changed() + (changed ? 1 : 0));
  }

  void Finish() {
    for (const auto& [line, count] : lines_) {
      v1::ShadowLine& next = *response_.add_lines();
      next.set_receiver(std::get<0>(line));
      next.set_category(std::get<1>(line));
      next.set_was(std::get<2>(line));
      next.set_would_be(std::get<3>(line));
      next.set_count(count);
    }
  }

 private:
  const World& active_;
  const World& draft_;
  v1::ShadowPolicyResponse& response_;
  std::map<Line, uint64_t> lines_;
};

absl::StatusOr<std::shared_ptr<const World>> DraftWorld(uint64_t revision, const World& world, absl::Time now,
                                                        store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> row, reader.FindPolicy(revision));
  if (!row.has_value()) return Refuse(absl::StatusCode::kNotFound, "REVISION_UNKNOWN", "no revision has this number");
  auto bundle = LoadRevision(*row, world.roots(), now);
  if (absl::IsDataLoss(bundle.status())) return bundle.status();
  if (!bundle.ok())
    return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID",
                  absl::StrCat("the draft is no longer good: ", bundle.status().message()));
  World draft = world;
  draft.bundle = *std::move(bundle);
  return LoadRegisters(draft, reader);
}

}  // namespace

Look LookOf(const v1::ShadowPolicyRequest& request) {
  trust::CanonicalWriter writer("derwent/ledger-query/v1");
  writer.Text(1, kMethod);
  writer.Text(2, request.has_since() ? absl::StrCat(absl::ToUnixMillis(trust::FromTimestamp(request.since()))) : "");
  writer.Number(3, static_cast<uint64_t>(request.revision()));
  writer.Number(4, request.from_index());
  return {.what = kMethod, .tags = {}, .query = trust::Sha256(writer.octets())};
}

absl::StatusOr<v1::ShadowPolicyResponse> ShadowPolicy(const Caller& caller, const v1::ShadowPolicyRequest& request,
                                                      const World& world, absl::Time now, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const World> draft,
                   DraftWorld(static_cast<uint64_t>(request.revision()), world, now, reader));
  const absl::Time since = request.has_since() ? trust::FromTimestamp(request.since()) : absl::InfinitePast();
  ASSIGN_OR_RETURN(const store::LogState log, reader.GetLogState());
  const uint64_t end = std::min(log.size, request.from_index() + kMostEntries);
  v1::ShadowPolicyResponse response;
  Shadowing shadowing(world, *draft, response);
  for (uint64_t index = request.from_index(); index < end;) {
    ASSIGN_OR_RETURN(const std::vector<store::EntryRow> rows,
                     reader.ListEntries(index, std::min<uint64_t>(kAtOnce, end - index)));
    if (rows.empty()) return absl::DataLossError(absl::StrCat("entry ", index, " is missing"));
    for (const store::EntryRow& row : rows) {
      ASSIGN_OR_RETURN(const ledger::PackedEntry entry, ledger::PackedEntry::Decode(row.packed));
      if (row.time < since || !Asks(entry)) continue;
      if (ledger::ViewerOf(entry.Columns(), caller.agency()) == ledger::Viewer::kNone) continue;
      ASSIGN_OR_RETURN(const std::optional<std::string> octets, reader.FindDecisionRequest(row.index));
      if (!octets.has_value()) continue;  // Erased.
      ASSIGN_OR_RETURN(const policy::CanonicalQuestion question, policy::ParseCanonical(*octets));
      shadowing.Put(question);
    }
    index = rows.back().index + 1;
  }
  shadowing.Finish();
  if (end < log.size) response.set_next_index(end);
  return response;
}

}  // namespace derwent::exchange
