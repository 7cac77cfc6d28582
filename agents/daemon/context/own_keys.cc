#include "agents/daemon/context/own_keys.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Certificates in the folder for keys of that use, each with the place of its key; the oldest first.
std::vector<OwnKeys::Files> PairsIn(const std::string& folder, trust::KeyUse use) {
  const absl::string_view prefix = use == trust::KeyUse::kSigning ? "signing-" : "sealing-";
  std::vector<std::tuple<absl::Time, std::string, OwnKeys::Files>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, prefix) || entry.path().extension() != ".pem") continue;
    const absl::StatusOr<std::string> pem = trust::ReadFile(entry.path().string());
    const absl::StatusOr<trust::Certificate> certificate =
        pem.ok() ? trust::Certificate::FromPem(*pem) : absl::StatusOr<trust::Certificate>(pem.status());
    found.emplace_back(
        certificate.ok() ? certificate->not_before() : absl::InfiniteFuture(), name,
        OwnKeys::Files(fs::path(entry.path()).replace_extension(".key").string(), entry.path().string()));
  }
  std::ranges::sort(found);
  std::vector<OwnKeys::Files> pairs;
  for (auto& [time, name, files] : found) pairs.push_back(std::move(files));
  return pairs;
}

}  // namespace

absl::StatusOr<CertifiedKey> CertifiedKey::Load(const std::string& key_file, const std::string& certificate_file) {
  ASSIGN_OR_RETURN(trust::SigningKey key, trust::SigningKey::FromFile(key_file));
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(certificate_file));
  ASSIGN_OR_RETURN(trust::Certificate certificate, trust::Certificate::FromPem(pem));
  if (certificate.public_key().key_id() != key.public_key().key_id()) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", certificate_file, "` is not the certificate of `", key_file, "`"));
  }
  return CertifiedKey{.key = std::move(key), .certificate = std::move(certificate), .key_file = key_file};
}

absl::StatusOr<std::unique_ptr<OwnKeys>> OwnKeys::Load(Places places) {
  std::unique_ptr<OwnKeys> keys(new OwnKeys(std::move(places)));
  RETURN_IF_ERROR(keys->Read(trust::KeyUse::kSigning, keys->places_.signing));
  for (auto files = keys->places_.sealing.rbegin(); files != keys->places_.sealing.rend(); ++files)
    RETURN_IF_ERROR(keys->Read(trust::KeyUse::kSealing, *files));
  RETURN_IF_ERROR(keys->Refresh());
  const MutexLock lock(keys->mutex_);
  if (keys->keys_[trust::KeyUse::kSigning].empty() || keys->keys_[trust::KeyUse::kSealing].empty())
    return absl::InvalidArgumentError("no signing key or no sealing key is left");
  keys->signing_ = keys->keys_[trust::KeyUse::kSigning].front();
  return keys;
}

absl::Status OwnKeys::Refresh() {
  const absl::Status signing = ReadFolder(trust::KeyUse::kSigning);
  const absl::Status sealing = ReadFolder(trust::KeyUse::kSealing);
  return signing.ok() ? sealing : signing;
}

absl::Status OwnKeys::ReadFolder(trust::KeyUse use) {
  absl::Status first;
  for (const Files& files : PairsIn(places_.folder, use)) first.Update(Read(use, files));
  return first;
}

absl::Status OwnKeys::Read(trust::KeyUse use, const Files& files) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(files.second));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromPem(pem));
  const std::string& id = certificate.public_key().key_id();
  {
    const MutexLock lock(mutex_);
    if (!ids_.insert(id).second) return absl::OkStatus();
  }
  if (!Exists(files.first)) return absl::OkStatus();  // It was destroyed.
  absl::StatusOr<CertifiedKey> key = CertifiedKey::Load(files.first, files.second);
  const MutexLock lock(mutex_);
  if (!key.ok()) ids_.erase(id);  // Looked at again.
  RETURN_IF_ERROR(key.status());
  keys_[use].push_back(std::make_shared<const CertifiedKey>(*std::move(key)));
  return absl::OkStatus();
}

std::string OwnKeys::Follow(const trust::KeyHistory& history, absl::Time now) {
  const MutexLock lock(mutex_);
  const std::vector<Held>& keys = keys_[trust::KeyUse::kSigning];
  const auto counts = std::find_if(keys.rbegin(), keys.rend(), [&](const Held& key) {
    return history.Find(trust::KeyUse::kSigning, key->id(), now) != nullptr;
  });
  if (counts != keys.rend()) signing_ = *counts;
  return signing_->id();
}

void OwnKeys::Prefer(absl::string_view signing_key_id) {
  const MutexLock lock(mutex_);
  for (const Held& key : keys_[trust::KeyUse::kSigning]) {
    if (key->id() == signing_key_id) signing_ = key;
  }
}

OwnKeys::Held OwnKeys::signing() const {
  const MutexLock lock(mutex_);
  return signing_;
}

OwnKeys::Held OwnKeys::sealing() const { return All(trust::KeyUse::kSealing).back(); }

OwnKeys::Held OwnKeys::Sealing(absl::string_view key_id) const {
  for (Held& key : All(trust::KeyUse::kSealing)) {
    if (key->id() == key_id) return std::move(key);
  }
  return nullptr;
}

std::vector<OwnKeys::Held> OwnKeys::All(trust::KeyUse use) const {
  const MutexLock lock(mutex_);
  return keys_.at(use);
}

std::set<std::string> OwnKeys::Ids() const {
  const MutexLock lock(mutex_);
  return ids_;
}

absl::Status OwnKeys::DestroySealing(absl::string_view key_id) {
  const MutexLock lock(mutex_);
  std::vector<Held>& keys = keys_[trust::KeyUse::kSealing];
  const auto key = std::ranges::find_if(keys, [&](const Held& held) { return held->id() == key_id; });
  if (key == keys.end() || keys.size() == 1) return absl::NotFoundError("no such older sealing key");
  const std::string& file = (*key)->key_file;
  if (unlink(file.c_str()) != 0 && errno != ENOENT)
    return absl::UnavailableError(absl::StrCat("cannot remove `", file, "`: ", std::generic_category().message(errno)));
  RETURN_IF_ERROR(SyncFolder(fs::absolute(file).parent_path().string()));
  keys.erase(key);
  return absl::OkStatus();
}

}  // namespace derwent::agents
