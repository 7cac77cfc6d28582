#include "broker/exchange/governance/archive.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/governance/in_force.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

// Settings: the list of a bundle's files, `<sha256 hex>  <path>\n` each; who could sign, `<agency> <person>\n` each; a
// file; a directory's envelope.
std::string ListName(absl::string_view in_force) {
  return absl::StrCat("archive/bundle/", trust::Sha256(in_force).hex());
}
std::string SignatoriesName(absl::string_view in_force) {
  return absl::StrCat("archive/signatories/", trust::Sha256(in_force).hex());
}
std::string FileName(absl::string_view digest) { return absl::StrCat("archive/file/", digest); }
std::string DirectoryName(const Sha256Digest& payload) { return absl::StrCat("archive/directory/", payload.hex()); }

absl::Status PutOnce(const std::string& name, absl::string_view value, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(name));
  return kept.has_value() ? absl::OkStatus() : batch.write().PutSetting(name, value);
}

}  // namespace

absl::Status ArchiveBundle(const policy::Bundle& bundle, Batch& batch) {
  const std::string name = ListName(PolicyInForce(bundle));
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(name));
  if (kept.has_value()) return absl::OkStatus();
  std::string list;
  for (const auto& [path, content] : bundle.files) {
    const std::string digest = trust::Sha256(content).hex();
    absl::StrAppend(&list, digest, "  ", path, "\n");
    RETURN_IF_ERROR(PutOnce(FileName(digest), content, batch));
  }
  return batch.write().PutSetting(name, list);
}

absl::StatusOr<std::optional<policy::Files>> FindBundle(absl::string_view in_force, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> list, reader.GetSetting(ListName(in_force)));
  if (!list.has_value()) return std::optional<policy::Files>();
  policy::Files files;
  for (const absl::string_view line : absl::StrSplit(*list, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> part = absl::StrSplit(line, absl::MaxSplits("  ", 1));
    ASSIGN_OR_RETURN(std::optional<std::string> content, reader.GetSetting(FileName(part.first)));
    if (!content.has_value() || trust::Sha256(*content).hex() != part.first)
      return absl::DataLossError("a kept file of a bundle is not the one that was in force");
    files[part.second] = *std::move(content);
  }
  return std::optional<policy::Files>(std::move(files));
}

absl::Status ArchiveSignatories(absl::string_view in_force, const Signatories& signatories, Batch& batch) {
  std::string lines;
  for (const auto& [agency, people] : signatories) {
    for (const std::string& person : people) absl::StrAppend(&lines, agency, " ", person, "\n");
  }
  return batch.write().PutSetting(SignatoriesName(in_force), lines);
}

absl::StatusOr<std::optional<Signatories>> FindSignatories(absl::string_view in_force, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> lines, reader.GetSetting(SignatoriesName(in_force)));
  if (!lines.has_value()) return std::optional<Signatories>();
  Signatories signatories;
  for (const absl::string_view line : absl::StrSplit(*lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() != 2) return absl::DataLossError("the kept signatories do not parse");
    signatories[words[0]].insert(words[1]);
  }
  return std::optional<Signatories>(std::move(signatories));
}

absl::Status ArchiveDirectory(const Sha256Digest& payload, const v1::DsseEnvelope& envelope, Batch& batch) {
  return PutOnce(DirectoryName(payload), envelope.SerializeAsString(), batch);
}

absl::StatusOr<std::optional<v1::DsseEnvelope>> FindDirectory(const Sha256Digest& payload, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> octets, reader.GetSetting(DirectoryName(payload)));
  if (!octets.has_value()) return std::optional<v1::DsseEnvelope>();
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromString(*octets)) return absl::DataLossError("a kept directory does not parse");
  return std::optional<v1::DsseEnvelope>(std::move(envelope));
}

}  // namespace derwent::exchange
