#include "broker/backup/backup_keys.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/durable_file.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/signature/key_file.h"

namespace derwent::backup {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kEnding = ".key";
constexpr size_t kKeySize = 32;

struct Kept {
  absl::Time made;
  trust::SecretBytes key;
};

// Two lines: when it was made (RFC 3339, UTC) and 32 octets in base64.
absl::StatusOr<Kept> Parse(const trust::SecretBytes& file) {
  const std::vector<absl::string_view> lines = absl::StrSplit(file.RevealForCrypto(), '\n');
  Kept kept;
  if (lines.size() != 3 || !absl::ParseTime(absl::RFC3339_full, lines[0], &kept.made, nullptr) || !lines[2].empty())
    return absl::DataLossError("backup: a key file does not have its shape");
  ASSIGN_OR_RETURN(std::string key, Base64Decode(lines[1]));
  if (key.size() != kKeySize) return absl::DataLossError("backup: a key file does not have its shape");
  kept.key = trust::SecretBytes(std::move(key));
  return kept;
}

// Overwrites the file, then removes its name.
absl::Status Destroy(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  const std::string zeros(failed ? 0 : size, '\0');
  const bool wiped = file >= 0 && !failed &&
                     write(file, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size()) && fsync(file) == 0;
  if (file >= 0) close(file);
  if (!wiped || unlink(path.c_str()) != 0)
    return absl::UnavailableError(absl::StrCat("backup: the key `", path, "` cannot be destroyed"));
  return SyncFolder(fs::path(path).parent_path().string());
}

}  // namespace

std::string BackupKeys::PathOf(absl::string_view id) const { return absl::StrCat(folder_, "/", id, kEnding); }

absl::StatusOr<BackupKeys::Made> BackupKeys::Make(absl::Time now, trust::Random& random) const {
  std::error_code failed;
  if (fs::create_directories(folder_, failed)) fs::permissions(folder_, fs::perms::owner_all, failed);
  if (failed) return absl::UnavailableError(absl::StrCat("backup: the folder `", folder_, "` cannot be made"));
  Made made{.id = random.NewUuid().text(), .key = trust::SecretBytes(random.Bytes(kKeySize))};
  const trust::SecretBytes file(absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()), "\n",
                                             Base64Encode(made.key.RevealForCrypto()), "\n"));
  RETURN_IF_ERROR(WriteDurably(PathOf(made.id), file.RevealForCrypto()));
  return made;
}

absl::StatusOr<trust::SecretBytes> BackupKeys::Find(absl::string_view id, absl::Time now) const {
  // The id comes from a file that anybody may have made.
  if (!Uuid::Parse(id).ok()) return absl::NotFoundError("backup: it names no key of ours");
  ASSIGN_OR_RETURN(const trust::SecretBytes file, trust::ReadSecretFile(PathOf(id)));
  ASSIGN_OR_RETURN(Kept kept, Parse(file));
  if (now - kept.made >= lifetime_) return absl::NotFoundError("backup: its key's time is over");
  return std::move(kept.key);
}

absl::StatusOr<std::vector<std::string>> BackupKeys::DestroyLapsed(absl::Time now) const {
  std::vector<std::string> destroyed;
  std::error_code failed;
  if (!fs::exists(folder_, failed)) return destroyed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, failed)) {
    const std::string name = entry.path().filename().string();
    if (!absl::EndsWith(name, kEnding)) continue;
    const absl::StatusOr<trust::SecretBytes> file = trust::ReadSecretFile(entry.path().string());
    if (!file.ok()) continue;
    const absl::StatusOr<Kept> kept = Parse(*file);
    if (!kept.ok() || now - kept->made < lifetime_) continue;
    RETURN_IF_ERROR(Destroy(entry.path().string()));
    destroyed.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  if (failed) return absl::UnavailableError(absl::StrCat("backup: the folder `", folder_, "` cannot be read"));
  return destroyed;
}

}  // namespace derwent::backup
