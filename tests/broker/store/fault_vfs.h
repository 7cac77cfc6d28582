#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace derwent::store {

// A disk that fails at its n-th write: a SQLite VFS over the system's that counts writes, truncations and syncs, knows
// what was synced, and can say what the medium would hold after power loss. One at a time; not thread-safe.
class FaultVfs {
 public:
  enum class Fault {
    kNone,
    kErrorOnce,  // operation n fails, the next ones succeed
    kFullOnce,   // operation n fails with "disk full" if it writes, the next ones succeed
    kDiskFull,   // writes from n on fail with "disk full" until Heal
    kPowerLoss,  // nothing works from n on
  };
  // How much of what was written and not synced survives power loss.
  enum class Unsynced { kLost, kKept, kSome };

  FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs();

  const std::string& name() const { return name_; }
  // The operation `at` (from 1, counted from now) meets `fault`.
  void Arm(Fault fault, uint64_t at);
  void Heal() { fault_ = Fault::kNone; }
  // True once the fault was met.
  bool met() const { return met_; }

  // Writes what the medium holds of every file under `from` to the folder `to`. `seed` chooses for kSome.
  void SaveMedium(const std::string& from, const std::string& to, Unsynced unsynced, uint32_t seed) const;

  // For the callbacks.
  struct Change {
    int64_t offset = 0;
    std::string octets;
    bool truncation = false;  // to `offset`
  };
  struct Medium {
    std::string synced;
    std::vector<Change> unsynced;
  };
  // Counts one operation; the SQLite error it meets, or 0.
  int Count(int error_once, bool writes);
  bool dead() const { return dead_; }
  Medium& medium(const std::string& path) { return media_[path]; }
  void Forget(const std::string& path) { media_.erase(path); }
  static void Apply(const Change& change, std::string& octets);

 private:
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  Fault fault_ = Fault::kNone;
  uint64_t left_ = 0;
  bool met_ = false;
  bool dead_ = false;
  std::map<std::string, Medium> media_;
};

}  // namespace derwent::store
