#include "agents/cli/audit/audit_verify.h"

#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/audit/export_signature.h"
#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/ledger/verify_files.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostManifestOctets = 256 << 20;

class AuditExport {
 public:
  explicit AuditExport(std::string folder) : folder_(std::move(folder)) {}

  absl::Status ReadManifest() {
    ASSIGN_OR_RETURN(const std::string json, ReadIn(At(kExportManifest), kMostManifestOctets));
    const auto parsed = google::protobuf::util::JsonStringToMessage(json, &manifest_);
    return parsed.ok() ? absl::OkStatus() : Broken(At(kExportManifest), "it is not JSON");
  }

  // The manifest names every file, with its digest, and no other.
  absl::Status CheckDigests() const {
    const auto& named = manifest_.fields().count("files") > 0 ? manifest_.fields().at("files").struct_value().fields()
                                                              : google::protobuf::Struct::default_instance().fields();
    for (const auto& file : fs::recursive_directory_iterator(folder_)) {
      const std::string name = fs::relative(file.path(), folder_).generic_string();
      if (!file.is_regular_file() || name == kExportManifest || name == kExportSignature) continue;
      const auto found = named.find(name);
      if (found == named.end()) return Broken(At(name), "the manifest does not name it");
      ASSIGN_OR_RETURN(const std::string content, ReadIn(file.path().string(), kMostExportOctets));
      if (found->second.string_value() != absl::StrCat("sha256:", trust::Sha256(content).hex()))
        return Broken(At(name), "its digest is not the one in the manifest");
    }
    for (const auto& [name, digest] : named) {
      if (!fs::is_regular_file(At(name))) return Broken(At(name), "the manifest names it and it is missing");
    }
    return absl::OkStatus();
  }

  // Every receipt, by index.
  absl::Status ReadReceipts(const Believed& believed) {
    for (const auto& file : fs::directory_iterator(At(kExportProofs))) {
      const std::string path = file.path().string();
      uint64_t index = 0;
      if (!absl::SimpleAtoi(file.path().stem().string(), &index)) return Broken(path, "its name is no index");
      ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostProofOctets));
      ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadLogged(path, text, believed));
      if (receipt.index != index) return Broken(path, absl::StrCat("it is of entry ", receipt.index));
      entries_[index] = EntryOf(receipt);
      evidence_.push_back(path);
    }
    evidence_.push_back(At("checkpoint"));
    for (const auto& file : fs::directory_iterator(At(kExportExtends))) evidence_.push_back(file.path().string());
    return absl::OkStatus();
  }

  // Both lists are what the receipts open, row for row.
  absl::Status CheckRows() const {
    std::vector<v1::LedgerEntry> entries;
    for (const auto& [index, entry] : entries_) entries.push_back(entry);
    const Rows rows = ExportRows(entries);
    std::ostringstream csv;
    if (!entries.empty()) rows.Print(Format::kCsv, csv);
    RETURN_IF_ERROR(CheckList(kExportCsv, csv.str()));
    std::ostringstream json;
    rows.PrintMore(Format::kJsonLines, json);
    return CheckList(kExportJson, json.str());
  }

  absl::Status CheckTotals() const {
    const auto rows = manifest_.fields().find("rows");
    if (rows == manifest_.fields().end() || rows->second.number_value() != static_cast<double>(entries_.size()))
      return Broken(At(kExportManifest), absl::StrCat("it does not say that there are ", entries_.size(), " rows"));
    ASSIGN_OR_RETURN(const std::string checkpoint, ReadIn(At("checkpoint"), trust::kMaxNoteSize));
    const auto named = manifest_.fields().find("checkpoint");
    if (named == manifest_.fields().end() || named->second.string_value() != checkpoint)
      return Broken(At(kExportManifest), "its checkpoint is another one");
    return absl::OkStatus();
  }

  const std::vector<std::string>& evidence() const { return evidence_; }
  size_t rows() const { return entries_.size(); }

 private:
  std::string At(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  absl::Status CheckList(const std::string& name, const std::string& proven) const {
    ASSIGN_OR_RETURN(const std::string content, ReadIn(At(name), kMostExportOctets));
    if (content == proven) return absl::OkStatus();
    const std::vector<absl::string_view> is = absl::StrSplit(content, '\n');
    const std::vector<absl::string_view> should = absl::StrSplit(proven, '\n');
    size_t line = 0;
    while (line < is.size() && line < should.size() && is[line] == should[line]) ++line;
    return Broken(At(name), absl::StrCat("line ", line + 1, " is not what the receipts prove"));
  }

  const std::string folder_;
  google::protobuf::Struct manifest_;
  std::map<uint64_t, v1::LedgerEntry> entries_;
  std::vector<std::string> evidence_;
};

// Whose word the manifest is; false where it is not known whose keys to believe.
absl::StatusOr<bool> TellSignature(const std::string& folder, const Believed& believed, const KeyRoots& roots,
                                   std::ostream& out) {
  if (roots.ca.empty() && roots.first_key.empty()) return false;
  ASSIGN_OR_RETURN(const v1::AuditExport statement, VerifySignature(folder, roots, believed, absl::Now()));
  out << "signed by `" << SafeText(statement.agency()) << "`, exported by `" << SafeText(statement.person()) << "`, "
      << TimeText(absl::StrCat(statement.sign_time().seconds() * 1000)) << "\n";
  return true;
}

}  // namespace

absl::StatusOr<int> VerifyAuditExport(const std::string& folder, const Believed& believed, const KeyRoots& roots,
                                      std::ostream& out) {
  for (const char* part : {kExportProofs, kExportExtends}) {
    if (!fs::is_directory(absl::StrCat(folder, "/", part)))
      return absl::InvalidArgumentError(
          absl::StrCat("`", folder, "` is no folder of a finished `derwent audit export`: it has no `", part, "`"));
  }
  AuditExport files(folder);
  RETURN_IF_ERROR(files.ReadManifest());
  RETURN_IF_ERROR(files.ReadReceipts(believed));
  RETURN_IF_ERROR(files.CheckRows());
  RETURN_IF_ERROR(files.CheckTotals());
  RETURN_IF_ERROR(files.CheckDigests());
  out << folder << ": " << files.rows() << " rows are what their receipts prove\n";
  ASSIGN_OR_RETURN(const bool signature_shown, TellSignature(folder, believed, roots, out));
  std::ostringstream each;  // A line a receipt, which nobody asked for.
  ASSIGN_OR_RETURN(const int code, VerifyFiles({.paths = files.evidence(), .leaf = ""}, believed, each));
  if (code == kExitDone && !signature_shown) {
    out << "each file verifies; NOT SHOWN: whose word the manifest is: "
        << (IsSigned(folder) ? "give --ca and --first-key\n" : "it is signed by nobody\n");
    return kExitPartial;
  }
  const std::vector<std::string> lines = absl::StrSplit(each.str(), '\n', absl::SkipEmpty());
  if (!lines.empty()) out << lines.back() << "\n";
  return code;
}

}  // namespace derwent::cli
