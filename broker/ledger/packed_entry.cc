#include "broker/ledger/packed_entry.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "broker/ledger/attributes.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

using trust::EntryKind;
using trust::Field;
using trust::kFieldCount;
using trust::kLeafSize;
using trust::kSaltSize;

constexpr char kVersion = '\1';
constexpr size_t kMaxPublicBody = 65'000;
constexpr size_t kMaxDecisionRequest = 65'536;
constexpr size_t kMaxFieldValue = 16'384;

void AppendNumber(std::string& octets, uint64_t number, int size) {
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(number >> shift));
}

// Reads a blob from the left. After a read past the end every read gives nothing, and `ok` is false.
class BlobReader {
 public:
  explicit BlobReader(absl::string_view rest) : rest_(rest) {}
  absl::string_view Take(size_t count) {
    ok_ = ok_ && rest_.size() >= count;
    if (!ok_) return {};
    const absl::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint64_t Number(size_t size) {
    uint64_t number = 0;
    for (const char c : Take(size)) number = number << 8 | static_cast<uint8_t>(c);
    return number;
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

void DecodeFields(BlobReader& reader, PackedEntry& entry) {
  for (Sha256Digest& hash : entry.hashes) {
    const absl::StatusOr<Sha256Digest> read = Sha256Digest::FromBytes(reader.Take(Sha256Digest::kSize));
    if (!read.ok()) return;  // The blob is cut: the reader says so.
    hash = *read;
  }
  const uint64_t live = reader.Number(4);
  if (live >> kFieldCount != 0) static_cast<void>(reader.Take(SIZE_MAX));  // Fields that do not exist: not our shape.
  for (size_t i = 0; i < kFieldCount; ++i) {
    if ((live >> i & 1) == 0) continue;
    entry.fields.salts[i] = std::string(reader.Take(kSaltSize));
    entry.fields.values[i] = std::string(reader.Take(reader.Number(4)));
  }
}

absl::Status DecodePublic(BlobReader& reader, absl::string_view packed, PackedEntry& entry) {
  entry.public_time = absl::FromUnixMillis(static_cast<int64_t>(reader.Number(8)));
  entry.public_agency = std::string(reader.Take(reader.Number(1)));
  entry.public_step = std::string(reader.Take(reader.Number(1)));
  const absl::string_view digest = reader.Take(Sha256Digest::kSize);
  if (!reader.ok()) return absl::OkStatus();
  if (trust::Sha256(packed.substr(0, packed.size() - Sha256Digest::kSize)).view() != digest) {
    return absl::DataLossError("ledger: a public entry's row does not match its digest");
  }
  return absl::OkStatus();
}

absl::string_view SideName(Actor actor) {
  switch (actor) {
    case Actor::kReleasing:
      return "releasing";
    case Actor::kReceiving:
      return "receiving";
    case Actor::kBroker:
      break;
  }
  return "broker";
}

std::string HexOf(absl::string_view octets) { return HexEncode(octets); }

}  // namespace

absl::string_view LeafOf(absl::string_view packed) {
  return packed.size() > kLeafSize ? packed.substr(1, kLeafSize) : absl::string_view();
}

std::string PackedEntry::Encode() const {
  std::string packed;
  packed.reserve(2'560);
  packed.push_back(kVersion);
  packed.append(leaf);
  if (kind == EntryKind::kSealed) {
    for (const Sha256Digest& hash : hashes) packed.append(hash.view().data(), hash.view().size());
    uint64_t live = 0;
    for (size_t i = 0; i < kFieldCount; ++i) live |= static_cast<uint64_t>(!fields.salts[i].empty()) << i;
    AppendNumber(packed, live, 4);
    for (size_t i = 0; i < kFieldCount; ++i) {
      if (fields.salts[i].empty()) continue;
      packed.append(fields.salts[i]);
      AppendNumber(packed, fields.values[i].size(), 4);
      packed.append(fields.values[i]);
    }
    return packed;
  }
  AppendNumber(packed, static_cast<uint64_t>(absl::ToUnixMillis(public_time)), 8);
  for (const std::string* code : {&public_agency, &public_step}) {
    AppendNumber(packed, code->size(), 1);
    packed.append(*code);
  }
  packed.append(trust::Sha256(packed).bytes());
  return packed;
}

absl::StatusOr<PackedEntry> PackedEntry::Decode(absl::string_view packed) {
  BlobReader reader(packed);
  PackedEntry entry;
  const absl::string_view version = reader.Take(1);
  entry.leaf = std::string(reader.Take(kLeafSize));
  const bool ours = reader.ok() && version[0] == kVersion &&
                    static_cast<uint8_t>(entry.leaf[5]) <= static_cast<uint8_t>(EntryKind::kRegister);
  if (!ours) return absl::DataLossError("ledger: an entry's row does not have its shape");
  entry.kind = static_cast<EntryKind>(entry.leaf[5]);
  if (entry.kind == EntryKind::kSealed) {
    DecodeFields(reader, entry);
  } else {
    RETURN_IF_ERROR(DecodePublic(reader, packed, entry));
  }
  if (!reader.done()) return absl::DataLossError("ledger: an entry's row does not have its shape");
  return entry;
}

std::vector<std::string> PackedEntry::Tags() const {
  const std::string& joined = fields[Field::kSubjectTags];
  std::vector<std::string> tags;
  for (size_t at = 0; at + Sha256Digest::kSize <= joined.size(); at += Sha256Digest::kSize)
    tags.push_back(joined.substr(at, Sha256Digest::kSize));
  return tags;
}

store::EntryColumns PackedEntry::Columns() const {
  if (kind != EntryKind::kSealed) return {.actor_agency = public_agency, .step = public_step};
  const auto attribute = [this](Field field, absl::string_view key) {
    return std::string(Attribute(fields[field], key));
  };
  store::EntryColumns columns{
      .releasing_agency = fields[Field::kReleasingAgency],
      .receiving_agency = fields[Field::kReceivingAgency],
      .purpose = attribute(Field::kPurpose, "purpose"),
      .profile = attribute(Field::kPurpose, "profile"),
      .board = attribute(Field::kPurpose, "board"),
      .outcome = attribute(Field::kOutcome, "outcome"),
      .reasons = absl::StrSplit(Attribute(fields[Field::kOutcome], "reasons"), ',', absl::SkipEmpty()),
      .share_id = attribute(Field::kIds, "share"),
      .step = attribute(Field::kStep, "step")};
  const absl::string_view actor = Attribute(fields[Field::kStep], "actor");
  if (actor == "releasing") columns.actor_agency = columns.releasing_agency;
  if (actor == "receiving") columns.actor_agency = columns.receiving_agency;
  const bool receiving_supplied = columns.releasing_agency.empty() || attribute(Field::kStep, "tags") == "receiving";
  columns.supplier_agency = receiving_supplied ? columns.receiving_agency : columns.releasing_agency;
  return columns;
}

trust::SealedFields EntryPacker::FieldsOf(const EntryDraft& draft, absl::Time time) {
  trust::SealedFields fields;
  SetWhoAndWhy(draft, time, fields);
  SetWhat(draft, fields);
  return fields;
}

// Fields 1 to 12: when, who, about whom, for what, on what footing.
void EntryPacker::SetWhoAndWhy(const EntryDraft& draft, absl::Time time, trust::SealedFields& fields) {
  const auto& [releasing, receiving] = draft.sides_;
  fields[Field::kTime] = absl::StrCat(absl::ToUnixMillis(time));
  fields[Field::kReleasingAgency] = releasing.agency;
  fields[Field::kReleasingPerson] = releasing.person;
  fields[Field::kReceivingAgency] = receiving.agency;
  fields[Field::kReceivingPerson] = receiving.person;
  fields[Field::kSubjectTags] = absl::StrJoin(draft.tags_, "");
  fields[Field::kSubjectRole] = AttributeWriter().Add("subject", draft.subject_).Add("role", draft.role_).Take();
  for (const CategoryLine& line : draft.categories_) {
    absl::StrAppend(&fields[Field::kCategories],
                    AttributeWriter()
                        .Add("category", line.category)
                        .Add("asked", line.asked)
                        .Add("outcome", line.outcome)
                        .Add("form", line.form)
                        .Take(),
                    "\n");
  }
  fields[Field::kPurpose] = AttributeWriter()
                                .Add("purpose", draft.columns_.purpose)
                                .Add("profile", draft.columns_.profile)
                                .Add("board", draft.columns_.board)
                                .Add("area", draft.area_)
                                .Add("route", draft.route_)
                                .Take();
  fields[Field::kBases] = AttributeWriter()
                              .Add("releasing.bases", releasing.bases)
                              .Add("releasing.regimes", releasing.regimes)
                              .Add("receiving.bases", receiving.bases)
                              .Add("receiving.regimes", receiving.regimes)
                              .Take();
  fields[Field::kConditions] = AttributeWriter()
                                   .Add("releasing.conditions", releasing.conditions)
                                   .Add("receiving.conditions", receiving.conditions)
                                   .Take();
  fields[Field::kAgreement] =
      AttributeWriter().Add("agreement", draft.agreement_).Add("revision", draft.agreement_revision_).Take();
}

// Fields 13 to 20: what was decided and done.
void EntryPacker::SetWhat(const EntryDraft& draft, trust::SealedFields& fields) {
  fields[Field::kIds] = AttributeWriter()
                            .Add("share", draft.columns_.share_id)
                            .Add("request", draft.request_)
                            .Add("case", draft.case_)
                            .Add("document", draft.document_)
                            .Take();
  fields[Field::kOutcome] = AttributeWriter()
                                .Add("outcome", draft.columns_.outcome)
                                .Add("reasons", absl::StrJoin(draft.columns_.reasons, ","))
                                .Add("policy", draft.policy_digest_)
                                .Add("registers", draft.register_digest_)
                                .Take();
  fields[Field::kManifestDigest] = draft.manifest_;
  fields[Field::kGrounds] = AttributeWriter()
                                .Add("grounds", draft.grounds_)
                                .Add("override", draft.override_)
                                .Add("justification", HexOf(draft.justification_))
                                .Take();
  if (!draft.decision_request_.empty()) fields[Field::kRequestDigest] = trust::Sha256(draft.decision_request_).bytes();
  fields[Field::kEngine] = AttributeWriter()
                               .Add("semantics", draft.semantics_)
                               .Add("policy", draft.policy_revision_)
                               .Add("registers", draft.register_revision_)
                               .Take();
  fields[Field::kHolderCommitment] = draft.commitment_;
  fields[Field::kStep] = AttributeWriter()
                             .Add("step", draft.columns_.step)
                             .Add("actor", SideName(draft.actor_))
                             .Add("count", draft.count_)
                             .Add("tags", draft.supplier_ == Side::kReceiving ? "receiving" : "")
                             .Take();
}

absl::StatusOr<EntryPacker::Packed> EntryPacker::Pack(const EntryDraft& draft, uint64_t index, absl::Time time,
                                                      trust::Random& random) {
  RETURN_IF_ERROR(draft.status_);
  if (draft.kind_ != EntryKind::kSealed) return PackPublic(draft, index, time);
  if (draft.decision_request_.size() > kMaxDecisionRequest)
    return absl::InvalidArgumentError("ledger entry: the decision request is too long");
  PackedEntry entry{.kind = EntryKind::kSealed, .fields = FieldsOf(draft, time)};
  for (const std::string& value : entry.fields.values) {
    if (value.size() > kMaxFieldValue) return absl::InvalidArgumentError("ledger entry: a field is over 16384 octets");
  }
  entry.fields.Salt(random);
  entry.hashes = trust::HashFields(entry.fields);
  entry.leaf = trust::LeafOctets(EntryKind::kSealed, trust::Commitment(entry.hashes));
  store::EntryRow row{.index = index,
                      .time = time,
                      .packed = entry.Encode(),
                      .columns = entry.Columns(),
                      .tags = draft.tags_,
                      .decision_request = draft.decision_request_};
  return Packed{.entry = std::move(entry), .row = std::move(row)};
}

absl::StatusOr<EntryPacker::Packed> EntryPacker::PackPublic(const EntryDraft& draft, uint64_t index, absl::Time time) {
  if (draft.body_.empty() || draft.body_.size() > kMaxPublicBody) {
    return absl::InvalidArgumentError("ledger entry: a public body has 1 to 65000 octets");
  }
  if (draft.columns_.step.size() > 255 || draft.columns_.actor_agency.size() > 255) {
    return absl::InvalidArgumentError("ledger entry: a public entry's codes have 255 octets at most");
  }
  PackedEntry entry{.kind = draft.kind_,
                    .leaf = trust::LeafOctets(draft.kind_, trust::Sha256(draft.body_)),
                    .public_time = time,
                    .public_agency = draft.columns_.actor_agency,
                    .public_step = draft.columns_.step};
  store::EntryRow row{.index = index, .time = time, .packed = entry.Encode(), .columns = entry.Columns()};
  return Packed{
      .entry = std::move(entry),
      .row = std::move(row),
      .body = store::PublicBodyRow{.index = index, .kind = static_cast<uint8_t>(draft.kind_), .body = draft.body_}};
}

}  // namespace derwent::ledger
