#include "broker/exchange/governance/past.h"

#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/governance/archive.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/share/decide.h"
#include "broker/ledger/attributes.h"
#include "derwent/v1/register.pb.h"
#include "policy/loader/canonical_request.h"
#include "policy/loader/directory.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

using ledger::Attribute;
using trust::Field;

constexpr size_t kBodiesAtOnce = 500;

using Words = std::vector<absl::string_view>;

// Every public entry of a policy or register, in order, with the words of its body: two at least.
absl::Status EachRegisterBody(store::Reader& reader,
                              absl::FunctionRef<absl::Status(const store::PublicBodyRow&, const Words&)> use) {
  for (uint64_t from = 0;;) {
    ASSIGN_OR_RETURN(const std::vector<store::PublicBodyRow> bodies,
                     reader.ListPublicBodies(static_cast<uint8_t>(trust::EntryKind::kRegister), from, kBodiesAtOnce));
    for (const store::PublicBodyRow& row : bodies) {
      from = row.index + 1;
      const Words words = absl::StrSplit(row.body, absl::ByAnyChar(" \n"), absl::SkipEmpty());
      if (words.size() >= 2) RETURN_IF_ERROR(use(row, words));
    }
    if (bodies.size() < kBodiesAtOnce) return absl::OkStatus();
  }
}

}  // namespace

std::string WhatDiffers(const trust::SealedFields& fields, const std::string& octets, const World& world) {
  if (trust::Sha256(octets).view() != fields[Field::kRequestDigest]) return "the question's digest";
  const auto question = policy::ParseCanonical(octets);
  if (!question.ok()) return "the question's octets";
  const policy::Decision decision = world.Decide(question->request, question->time);
  size_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(fields[Field::kCategories], '\n', absl::SkipEmpty())) {
    const policy::CategoryOutcome* const outcome = FindOutcome(decision, Attribute(line, "category"));
    if (outcome == nullptr || outcome->Shown() != Attribute(line, "outcome")) return "what became of a category";
    ++lines;
  }
  if (lines != decision.categories.size()) return "the number of categories";
  const std::string& agreement = fields[Field::kAgreement];
  if (decision.agreement !=
      (agreement.empty() ? "" : absl::StrCat(Attribute(agreement, "agreement"), ".", Attribute(agreement, "revision"))))
    return "the agreement";
  // A step that decides nothing has none; what was refused for another reason than policy is a denial.
  const absl::string_view outcome = Attribute(fields[Field::kOutcome], "outcome");
  return outcome.empty() || outcome == "DENY" || outcome == decision.Overall() ? "" : "the outcome";
}

bool IsAtHand(const trust::SealedFields& fields, const World* world) {
  if (world == nullptr) return false;
  const absl::string_view registers = Attribute(fields[Field::kEngine], "registers");  // Earlier entries: none.
  return (registers.empty() || registers == absl::StrCat(world->register_revision)) &&
         Attribute(fields[Field::kOutcome], "policy") == world->policy_digest().hex() &&
         Attribute(fields[Field::kOutcome], "registers") == world->register_digest.hex();
}

absl::StatusOr<std::set<Sha256Digest>> PoliciesEverInForce(store::Reader& reader) {
  std::set<Sha256Digest> digests;
  RETURN_IF_ERROR(EachRegisterBody(reader, [&](const store::PublicBodyRow&, const Words& words) -> absl::Status {
    if (words.front() != "policy") return absl::OkStatus();
    ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromHex(words[1]));
    digests.insert(digest);
    return absl::OkStatus();
  }));
  return digests;
}

absl::Status PastWorlds::ReadChanges() {
  if (changes_.has_value()) return absl::OkStatus();
  std::vector<Change> changes;
  RETURN_IF_ERROR(EachRegisterBody(reader_, [&](const store::PublicBodyRow& row, const Words& words) -> absl::Status {
    if (words.front() == "policy") changes.push_back({.index = row.index, .body = row.body});
    if (words.size() != 4 || words.front() != "directory") return absl::OkStatus();
    ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromHex(words[3]));
    changes.push_back({.index = row.index, .body = "", .agency = std::string(words[1]), .directory = digest});
    return absl::OkStatus();
  }));
  changes_ = std::move(changes);
  return absl::OkStatus();
}

absl::Status PastWorlds::MoveTo(uint64_t index) {
  RETURN_IF_ERROR(ReadChanges());
  if (taken_ > 0 && (*changes_)[taken_ - 1].index >= index) {  // Back to the start.
    taken_ = 0;
    policy_ = {};
    register_revision_ = 0;
    directories_.clear();
  }
  for (; taken_ < changes_->size() && (*changes_)[taken_].index < index; ++taken_) {
    const Change& change = (*changes_)[taken_];
    if (change.agency.empty()) {
      policy_ = change;
      continue;
    }
    directories_[change.agency] = change.directory;
    register_revision_ = change.index + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const policy::Bundle>> LoadAsOf(const policy::Files& files, const World& trusted,
                                                               const Signatories& signed_by, absl::Time then) {
  policy::TrustRoots roots = trusted.roots_at(then);
  for (const auto& [agency, people] : signed_by) roots.signatories[agency].insert(people.begin(), people.end());
  absl::StatusOr<std::unique_ptr<const policy::Bundle>> bundle = policy::LoadBundle(files, roots, then);
  if (absl::IsUnauthenticated(bundle.status())) {
    roots.revoked = {};
    bundle = policy::LoadBundle(files, roots, then);
  }
  if (!bundle.ok()) return bundle.status();
  return std::shared_ptr<const policy::Bundle>(*std::move(bundle));
}

bool PastWorlds::IsBase() const { return base_.bundle != nullptr && policy_.body == PolicyInForce(*base_.bundle); }

absl::StatusOr<std::optional<policy::Files>> PastWorlds::FilesBefore(uint64_t index) {
  RETURN_IF_ERROR(MoveTo(index));
  if (IsBase()) return std::optional<policy::Files>(base_.bundle->files);
  return FindBundle(policy_.body, reader_);
}

absl::StatusOr<std::shared_ptr<const policy::Bundle>> PastWorlds::BundleInForce() {
  if (IsBase()) return base_.bundle;
  const auto known = bundles_.find(policy_.body);
  if (known != bundles_.end()) return known->second;
  std::shared_ptr<const policy::Bundle>& bundle = bundles_[policy_.body];
  ASSIGN_OR_RETURN(std::optional<policy::Files> files, FindBundle(policy_.body, reader_));
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> entered, reader_.FindEntry(policy_.index));
  if (!files.has_value() || !entered.has_value()) return bundle;
  ASSIGN_OR_RETURN(const std::optional<Signatories> signed_by, FindSignatories(policy_.body, reader_));
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> loaded =
      LoadAsOf(*files, base_, signed_by.value_or(Signatories()), entered->time);
  if (loaded.ok() && PolicyInForce(**loaded) == policy_.body) bundle = *std::move(loaded);
  return bundle;
}

absl::StatusOr<std::optional<v1::DsseEnvelope>> PastWorlds::EnvelopeOf(const std::string& agency,
                                                                       const Sha256Digest& payload) {
  ASSIGN_OR_RETURN(std::optional<v1::DsseEnvelope> kept, exchange::FindDirectory(payload, reader_));
  if (kept.has_value()) return kept;
  ASSIGN_OR_RETURN(const std::optional<store::DirectoryRow> row, reader_.FindDirectory(agency));
  v1::DsseEnvelope envelope;
  if (!row.has_value() || row->payload_digest != payload || !envelope.ParseFromString(row->envelope))
    return std::optional<v1::DsseEnvelope>();
  return std::optional<v1::DsseEnvelope>(std::move(envelope));
}

absl::StatusOr<std::shared_ptr<const World>> PastWorlds::Make() {
  auto world = std::make_shared<World>(base_);
  ASSIGN_OR_RETURN(world->bundle, BundleInForce());
  if (world->bundle == nullptr) return std::shared_ptr<const World>();
  world->directories.clear();
  std::string digests;
  for (const auto& [agency, payload] : directories_) {
    absl::StrAppend(&digests, payload.view());
    ASSIGN_OR_RETURN(const std::optional<v1::DsseEnvelope> envelope, EnvelopeOf(agency, payload));
    v1::Directory directory;
    if (!envelope.has_value() || !directory.ParseFromString(envelope->payload())) return std::shared_ptr<const World>();
    auto compiled = policy::CompileDirectory(directory, *world->bundle->policy);
    world->directories[agency] = compiled.ok() ? *std::move(compiled) : policy::Directory();
  }
  world->register_digest = trust::Sha256(digests);
  world->register_revision = register_revision_;
  return std::shared_ptr<const World>(std::move(world));
}

absl::StatusOr<std::shared_ptr<const World>> PastWorlds::Before(uint64_t index) {
  RETURN_IF_ERROR(MoveTo(index));
  std::string key = policy_.body;
  for (const auto& [agency, payload] : directories_) absl::StrAppend(&key, payload.view());
  const auto known = worlds_.find(key);
  if (known != worlds_.end()) return known->second;
  ASSIGN_OR_RETURN(std::shared_ptr<const World> world, Make());
  return worlds_[key] = std::move(world);
}

}  // namespace derwent::exchange
