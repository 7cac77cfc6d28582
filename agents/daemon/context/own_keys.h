#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/base/mutex.h"
#include "trust/identity/certificate.h"
#include "trust/identity/key_event.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {

// A private key with its certificate.
struct CertifiedKey {
  trust::SigningKey key;
  trust::Certificate certificate;
  std::string key_file;

  const std::string& id() const { return key.public_key().key_id(); }
  // Errors: of the files; kInvalidArgument when the certificate is of another key.
  static absl::StatusOr<CertifiedKey> Load(const std::string& key_file, const std::string& certificate_file);
};

// The agency's own keys: those that its configuration names, then those that `derwent key rotate` put into a folder,
// which are taken while the agent runs. What signs is the newest whose key event is in force; older sealing keys still
// open what was sealed to them, until they are destroyed. Thread-safe; a key that is handed out lives as long as it is
// held.
class OwnKeys {
 public:
  using Held = std::shared_ptr<const CertifiedKey>;  // Shared: whoever signs or opens keeps it through a change.
  // Key file and certificate file.
  using Files = std::pair<std::string, std::string>;
  struct Places {
    Files signing;
    std::vector<Files> sealing;  // The newest first.
    std::string folder;          // `<signing|sealing>-*.key` with `.pem` beside it; may not be there.
  };

  // Reads all; of a key that was destroyed only the certificate is left. Errors: of the files; kInvalidArgument no
  // signing or no sealing key is left.
  static absl::StatusOr<std::unique_ptr<OwnKeys>> Load(Places places);

  // Reads the folder again. Error: of the first pair that cannot be used; the others are taken.
  absl::Status Refresh();
  // From now on the newest own signing key that counts in the agency's history at `now` signs; when none does, the one
  // before. Returns its id.
  std::string Follow(const trust::KeyHistory& history, absl::Time now);
  // What signed before the agent was started again; another id changes nothing.
  void Prefer(absl::string_view signing_key_id);

  Held signing() const;
  // The newest sealing key.
  Held sealing() const;
  // The sealing key with that id, or null.
  Held Sealing(absl::string_view key_id) const;
  // The oldest first.
  std::vector<Held> All(trust::KeyUse use) const;
  // Of all this agency made, destroyed ones too.
  std::set<std::string> Ids() const;

  // Removes the private key of a sealing key, durably; its certificate stays. Errors: kNotFound; kUnavailable.
  absl::Status DestroySealing(absl::string_view key_id);

 private:
  explicit OwnKeys(Places places) : places_(std::move(places)) {}
  absl::Status Read(trust::KeyUse use, const Files& files);
  absl::Status ReadFolder(trust::KeyUse use);

  const Places places_;
  mutable Mutex mutex_;
  std::map<trust::KeyUse, std::vector<Held>> keys_ GUARDED_BY(mutex_);  // The oldest first.
  std::set<std::string> ids_ GUARDED_BY(mutex_);
  Held signing_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
