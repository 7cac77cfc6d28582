#include "agents/cli/audit/audit_export.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "agents/cli/audit/export_signature.h"
#include "agents/cli/ledger/consistency.h"
#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/ledger/offline_ledger.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kProgress[] = "unfinished";

// Where an export stands: kept after every page, so that it can go on.
struct Progress {
  std::string query;   // ExportKey of what is asked.
  std::string token;   // Of the next page; empty when none is left.
  uint64_t entry = 0;  // The query's own.
  uint64_t rows = 0;
  uint64_t csv_octets = 0;
  uint64_t json_octets = 0;

  std::string ToString() const {
    return absl::StrCat(query, "\n", token, "\n", entry, "\n", rows, "\n", csv_octets, "\n", json_octets, "\n");
  }
  static absl::StatusOr<Progress> Parse(absl::string_view text) {
    const std::vector<std::string> lines = absl::StrSplit(text, '\n');
    Progress progress;
    if (lines.size() != 7 || !absl::SimpleAtoi(lines[2], &progress.entry) ||
        !absl::SimpleAtoi(lines[3], &progress.rows) || !absl::SimpleAtoi(lines[4], &progress.csv_octets) ||
        !absl::SimpleAtoi(lines[5], &progress.json_octets))
      return absl::InvalidArgumentError("the folder's file `unfinished` is not of an export");
    progress.query = lines[0];
    progress.token = lines[1];
    return progress;
  }
};

// The files of one export.
class Folder {
 public:
  static absl::StatusOr<Folder> Open(const std::string& path, const std::string& query) {
    Folder folder(path);
    if (fs::exists(folder.At(kExportManifest)))
      return absl::FailedPreconditionError(absl::StrCat("`", path, "` holds a finished export"));
    std::error_code error;
    for (const char* part : {kExportProofs, kExportExtends}) {
      if (!error) fs::create_directories(folder.At(part), error);
    }
    if (error) return absl::UnavailableError(absl::StrCat("cannot make `", path, "`"));
    folder.progress_.query = query;
    if (fs::exists(folder.At(kProgress))) {
      ASSIGN_OR_RETURN(const std::string text, ReadIn(folder.At(kProgress), 1 << 20));
      ASSIGN_OR_RETURN(Progress progress, Progress::Parse(text));
      if (progress.query != query)
        return absl::FailedPreconditionError(absl::StrCat("`", path, "` holds another query's unfinished export"));
      folder.progress_ = std::move(progress);
    }
    // What a page left half written goes.
    for (const auto& [name, octets] :
         {std::pair{kExportCsv, folder.progress_.csv_octets}, std::pair{kExportJson, folder.progress_.json_octets}}) {
      RETURN_IF_ERROR(folder.Append(name, ""));
      fs::resize_file(folder.At(name), octets, error);
      if (error) return absl::UnavailableError(absl::StrCat("cannot cut `", folder.At(name), "`"));
    }
    return folder;
  }

  const Progress& progress() const { return progress_; }

  absl::Status AddPage(const v1::SearchLedgerEntriesResponse& page) {
    const Rows rows = ExportRows({page.entries().begin(), page.entries().end()});
    for (const v1::LedgerEntry& entry : page.entries()) {
      RETURN_IF_ERROR(Write(absl::StrCat("proofs/", entry.index(), ".tlog-proof"), entry.receipt().tlog_proof()));
    }
    std::ostringstream csv;
    std::ostringstream json;
    if (progress_.csv_octets == 0)
      rows.Print(Format::kCsv, csv);
    else
      rows.PrintMore(Format::kCsv, csv);
    rows.PrintMore(Format::kJsonLines, json);
    RETURN_IF_ERROR(Append(kExportCsv, csv.str()));
    RETURN_IF_ERROR(Append(kExportJson, json.str()));
    progress_.csv_octets += csv.str().size();
    progress_.json_octets += json.str().size();
    progress_.rows += static_cast<uint64_t>(page.entries_size());
    progress_.token = page.next_page_token();
    progress_.entry = page.query_receipt().index();
    return Write(kProgress, progress_.ToString());
  }

  // The sizes of the trees that the receipts prove into.
  absl::StatusOr<std::set<uint64_t>> Sizes() const {
    std::set<uint64_t> sizes;
    for (const auto& file : fs::directory_iterator(At(kExportProofs))) {
      ASSIGN_OR_RETURN(const std::string text, ReadIn(file.path().string(), kMostProofOctets));
      ASSIGN_OR_RETURN(const trust::TlogProof proof, trust::TlogProof::Parse(text));
      ASSIGN_OR_RETURN(const trust::Note note, trust::Note::Parse(proof.checkpoint));
      ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(note.text));
      sizes.insert(checkpoint.size);
    }
    return sizes;
  }

  // The list of all files with their digests.
  absl::StatusOr<std::string> Manifest(const std::string& query, const std::string& checkpoint) const {
    std::map<std::string, std::string> digests;
    for (const auto& file : fs::recursive_directory_iterator(path_)) {
      const std::string name = fs::relative(file.path(), path_).generic_string();
      if (!file.is_regular_file() || name == kProgress || name == kExportSignature) continue;
      ASSIGN_OR_RETURN(const std::string content, ReadIn(file.path().string(), kMostExportOctets));
      digests[name] = trust::Sha256(content).hex();
    }
    std::string json =
        absl::StrCat("{\"query\":", JsonText(query), ",\n \"queryEntry\":", progress_.entry,
                     ",\n \"rows\":", progress_.rows, ",\n \"checkpoint\":", JsonText(checkpoint), ",\n \"files\":{");
    const char* separator = "\n  ";
    for (const auto& [name, digest] : digests) {
      absl::StrAppend(&json, separator, JsonText(name), ":\"sha256:", digest, "\"");
      separator = ",\n  ";
    }
    return absl::StrCat(json, "}}\n");
  }

  // Then the export is whole.
  absl::Status Finish(absl::string_view manifest, absl::string_view signature) {
    RETURN_IF_ERROR(Write(kExportSignature, signature));
    RETURN_IF_ERROR(Write(kExportManifest, manifest));
    std::error_code error;
    fs::remove(At(kProgress), error);
    return absl::OkStatus();
  }

  // Whole or not at all.
  absl::Status Write(const std::string& name, absl::string_view content) {
    const std::string part = At(name + ".part");
    RETURN_IF_ERROR(WriteOut(part, content));
    std::error_code error;
    fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, error);
    fs::rename(part, At(name), error);
    return error ? absl::UnavailableError(absl::StrCat("cannot write `", At(name), "`")) : absl::OkStatus();
  }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string At(const std::string& name) const { return absl::StrCat(path_, "/", name); }

  absl::Status Append(const std::string& name, const std::string& content) {
    std::ofstream file(At(name), std::ios::binary | std::ios::app);
    file << content;
    file.close();
    std::error_code error;
    fs::permissions(At(name), fs::perms::owner_read | fs::perms::owner_write, error);
    return file && !error ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write `", At(name), "`"));
  }

  std::string path_;
  Progress progress_;
};

struct SignedCheckpoint {
  std::string note;
  trust::Checkpoint checkpoint;
};

absl::StatusOr<SignedCheckpoint> Newest(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(
      const v1::GetCheckpointResponse response,
      broker->Call(*stub, &v1::LedgerService::Stub::GetCheckpoint, v1::GetCheckpointRequest(), client.options()));
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(trust::Checkpoint checkpoint,
                   VerifyCheckpointText(response.note(), log_keys, client.configuration().origin));
  return SignedCheckpoint{.note = response.note(), .checkpoint = std::move(checkpoint)};
}

// Of each tree that a receipt proves into, that the newest extends it.
absl::Status AddExtensions(Client& client, const SignedCheckpoint& newest, Folder& files) {
  ASSIGN_OR_RETURN(const std::set<uint64_t> sizes, files.Sizes());
  for (const uint64_t size : sizes) {
    if (size >= newest.checkpoint.size) continue;
    trust::AddCheckpoint extension{.old_size = size, .path = {}, .checkpoint = newest.note};
    ASSIGN_OR_RETURN(extension.path, FetchConsistency(client, size, newest.checkpoint.size));
    RETURN_IF_ERROR(files.Write(absl::StrCat(kExportExtends, "/", size, ".add-checkpoint"), extension.ToString()));
  }
  return absl::OkStatus();
}

// From where the export stands to the end of the search.
absl::Status AddPages(Client& client, v1::SearchLedgerEntriesRequest request, Folder& files) {
  const Progress& progress = files.progress();
  if (progress.csv_octets > 0) {
    std::cerr << "going on after " << progress.rows << " rows\n";
    if (progress.token.empty()) return absl::OkStatus();  // Every page is there.
    request.set_page_token(progress.token);
  }
  const auto keep = [](const v1::LedgerEntry&) { return absl::OkStatus(); };
  const auto add = [&files](const v1::SearchLedgerEntriesResponse& page) {
    RETURN_IF_ERROR(files.AddPage(page));
    std::cerr << files.progress().rows << " rows; gone through " << page.position() << " of " << page.size()
              << " entries\n";
    return absl::OkStatus();
  };
  return EachEntry(client, std::move(request), 0, keep, add).status();
}

}  // namespace

std::string ExportKey(const v1::SearchLedgerEntriesRequest& request) {
  v1::SearchLedgerEntriesRequest shown = request;
  shown.clear_subject_references();  // Whom it is about is in no file's words.
  std::string key = ToJson(shown, false);
  if (request.subject_references().empty()) return key;
  std::string references;
  for (const std::string& reference : request.subject_references())
    absl::StrAppend(&references, trust::Sha256(reference).hex());
  return absl::StrCat(key, " of the person ", trust::Sha256(references).hex());
}

absl::StatusOr<int> ExportSearch(Client& client, const AuditFilters& filters, const std::string& folder) {
  ASSIGN_OR_RETURN(v1::SearchLedgerEntriesRequest request, SearchOf(client, filters));
  v1::SearchLedgerEntriesRequest shown = request;
  const bool of_person = shown.subject_references_size() > 0;
  shown.clear_subject_references();  // Whom it is about is in no file's words.
  std::string query = ToJson(shown, false);
  if (of_person) absl::StrAppend(&query, " of one person");
  ASSIGN_OR_RETURN(Folder files, Folder::Open(folder, ExportKey(request)));
  RETURN_IF_ERROR(AddPages(client, std::move(request), files));
  ASSIGN_OR_RETURN(const SignedCheckpoint newest, Newest(client));
  RETURN_IF_ERROR(AddExtensions(client, newest, files));
  RETURN_IF_ERROR(files.Write("checkpoint", newest.note));
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  RETURN_IF_ERROR(files.Write("log.vkey", absl::StrCat(log_keys.current().ToString(), "\n")));
  ASSIGN_OR_RETURN(const std::string keys, KeysForExport(client));
  RETURN_IF_ERROR(files.Write(kExportKeys, keys));
  ASSIGN_OR_RETURN(const std::string manifest, files.Manifest(query, newest.note));
  ASSIGN_OR_RETURN(const std::string signature, SignManifest(client, manifest));
  RETURN_IF_ERROR(files.Finish(manifest, signature));
  std::cerr << files.progress().rows << " entries with their proofs are in `" << folder << "`; this look is entry "
            << files.progress().entry << "\n";
  return kExitDone;
}

}  // namespace derwent::cli
