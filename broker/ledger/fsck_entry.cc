#include "broker/ledger/fsck_entry.h"

#include <array>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "broker/ledger/fsck_tree.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

constexpr size_t kFields = 24;
constexpr size_t kHash = 32;
constexpr size_t kHashesAt = 39;
constexpr size_t kLiveAt = kHashesAt + kFields * kHash;

absl::Status Broken(absl::string_view what) { return absl::DataLossError(what); }

uint64_t BigEndian(absl::string_view octets) {
  uint64_t number = 0;
  for (const char c : octets) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

absl::string_view Part(absl::string_view text, absl::string_view key) {
  for (const absl::string_view pair : absl::StrSplit(text, ' ')) {
    const std::pair<absl::string_view, absl::string_view> split = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (split.first == key) return split.second;
  }
  return "";
}

using Values = std::array<std::string, kFields + 1>;  // by field number

std::vector<std::string> SearchRows(const Values& values) {
  const std::string& releasing = values[2];
  const std::string& receiving = values[4];
  const absl::string_view side = Part(values[20], "actor");
  const std::string actor = side == "releasing" ? releasing : side == "receiving" ? receiving : "";
  const std::string& supplier = releasing.empty() || Part(values[20], "tags") == "receiving" ? receiving : releasing;
  const std::string reasons = absl::StrReplaceAll(Part(values[14], "reasons"), {{",", " "}});
  std::vector<std::string> rows;
  for (const std::string& agency : std::set<std::string>{releasing, receiving, actor}) {
    if (agency.empty()) continue;
    rows.push_back(absl::StrJoin({absl::string_view(agency), absl::string_view(releasing), absl::string_view(receiving),
                                  absl::string_view(actor), absl::string_view(supplier), Part(values[9], "purpose"),
                                  Part(values[9], "profile"), Part(values[9], "board"), Part(values[14], "outcome"),
                                  absl::string_view(reasons), Part(values[13], "share"), Part(values[20], "step")},
                                 "\x1f"));
  }
  return rows;
}

// Reads the values of fields that are not erased and checks each against its hash.
absl::StatusOr<Values> CheckFields(absl::string_view packed) {
  if (packed.size() < kLiveAt + 4) return Broken("the row is cut");
  const uint64_t live = BigEndian(packed.substr(kLiveAt, 4));
  if (live >> kFields != 0) return Broken("the row names fields that do not exist");
  absl::string_view rest = packed.substr(kLiveAt + 4);
  Values values;
  for (size_t number = 1; number <= kFields; ++number) {
    if ((live >> (number - 1) & 1) == 0) continue;
    if (rest.size() < kHash + 4) return Broken("the row is cut");
    const absl::string_view salt = rest.substr(0, kHash);
    const absl::string_view length = rest.substr(kHash, 4);
    rest.remove_prefix(kHash + 4);
    if (rest.size() < BigEndian(length)) return Broken("the row is cut");
    const absl::string_view value = rest.substr(0, BigEndian(length));
    rest.remove_prefix(value.size());
    const std::string head = {'D', 'R', 'W', 'F', '\1', '\0', static_cast<char>(number)};
    const Sha256Digest hash = HashOfLeaf(absl::StrCat(head, salt, length, value));
    if (hash.view() != packed.substr(kHashesAt + (number - 1) * kHash, kHash)) {
      return Broken(absl::StrCat("field ", number, " does not match its hash"));
    }
    values[number] = std::string(value);
  }
  if (!rest.empty()) return Broken("octets follow the last field");
  return values;
}

absl::Status DeriveSealed(absl::string_view packed, DerivedEntry& entry) {
  ASSIGN_OR_RETURN(const Values values, CheckFields(packed));
  std::vector<Sha256Digest> fields;
  for (size_t i = 0; i < kFields; ++i) {
    ASSIGN_OR_RETURN(const Sha256Digest hash, Sha256Digest::FromBytes(packed.substr(kHashesAt + i * kHash, kHash)));
    fields.push_back(hash);
  }
  if (TreeHash(fields).view() != entry.commitment)
    return Broken("the leaf is not the commitment to the 24 field hashes");
  entry.live = static_cast<uint32_t>(BigEndian(packed.substr(kLiveAt, 4)));
  if (entry.has_time() && !absl::SimpleAtoi(values[1], &entry.time_ms)) return Broken("field 1 is not a time");
  entry.request_digest = values[17];
  if (values[6].size() % kHash != 0) return Broken("field 6 is not a list of tags");
  for (size_t at = 0; at < values[6].size(); at += kHash) entry.tags.push_back(values[6].substr(at, kHash));
  entry.search_rows = SearchRows(values);
  return absl::OkStatus();
}

absl::Status DerivePublic(absl::string_view packed, DerivedEntry& entry) {
  if (packed.size() < kHashesAt + 8 + 2 + kHash) return Broken("the row is cut");
  const absl::string_view body = packed.substr(0, packed.size() - kHash);
  if (trust::Sha256(body).view() != packed.substr(body.size())) return Broken("the row does not match its digest");
  entry.time_ms = static_cast<int64_t>(BigEndian(body.substr(kHashesAt, 8)));
  absl::string_view rest = body.substr(kHashesAt + 8);
  std::array<absl::string_view, 2> codes;  // agency, step
  for (absl::string_view& code : codes) {
    const size_t size = rest.empty() ? 1 : static_cast<uint8_t>(rest[0]);
    if (rest.size() < size + 1) return Broken("the row is cut");
    code = rest.substr(1, size);
    rest.remove_prefix(size + 1);
  }
  if (!rest.empty()) return Broken("octets follow the row");
  if (!codes[0].empty()) {
    entry.search_rows.push_back(
        absl::StrJoin({codes[0], absl::string_view(""), absl::string_view(""), codes[0], absl::string_view(""),
                       absl::string_view(""), absl::string_view(""), absl::string_view(""), absl::string_view(""),
                       absl::string_view(""), absl::string_view(""), codes[1]},
                      "\x1f"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DerivedEntry> DeriveEntry(absl::string_view packed) {
  if (packed.size() < kHashesAt || packed[0] != '\1') return Broken("the row does not have its shape");
  DerivedEntry entry{.leaf = std::string(packed.substr(1, 38))};
  if (!absl::StartsWith(entry.leaf, "DRWL\1")) return Broken("the leaf does not have its shape");
  entry.kind = static_cast<uint8_t>(entry.leaf[5]);
  if (entry.kind > 4) return Broken("the leaf is of an unknown kind");
  entry.commitment = entry.leaf.substr(6);
  RETURN_IF_ERROR(entry.kind == 0 ? DeriveSealed(packed, entry) : DerivePublic(packed, entry));
  return entry;
}

}  // namespace derwent::ledger
