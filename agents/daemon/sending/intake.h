#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/batch.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/sending/intake_result.h"
#include "agents/daemon/sending/sender.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Reads one format. Error: kInvalidArgument the file as a whole cannot be read.
using FileReader = std::function<absl::StatusOr<connectors::Batch>(absl::string_view octets)>;

// Files larger than this are refused unread.
inline constexpr size_t kMaxIntakeOctets = 32 << 20;

// Takes what the agency's system puts into `<folder>/inbox` (formats of the agencies, 1.3): takes a file by renaming it
// into `taken/`, pushes what it holds, and puts it with `<file>.result.json` beside it into `done/` or `failed/`. A
// file whose octets were seen before only says so, and so
// does a referral whose reference and content were. A name that was used before, or breaks the rule of names, gives way
// to another (intake_name.h). What is no plain file (a folder, a link, a pipe) is refused unread. `*.part`, dotfiles
// and files changed in the last `settle` are left alone.
class Intake {
 public:
  // Borrows both. `readers` by file name ending, for instance `.csv`; the longest ending that fits wins. Makes the
  // folders.
  Intake(const AgentContext& context, Sender& sender, std::string folder, absl::Duration settle,
         std::map<std::string, FileReader> readers);

  // One round over `taken/` (what a crash or an absent broker left) and `inbox/`. Returns how many files were finished.
  // Error: the first failure; the other files were tried.
  absl::StatusOr<int> Scan();

  // The native format: one PushReferralRequest as ProtoJSON. Names the line that is not JSON, every member that is not
  // known, or the first field that does not fit.
  static absl::StatusOr<connectors::Batch> ReadJson(absl::string_view octets);

 private:
  // Renames a file of `inbox`, or one that lies in `taken` under a name that breaks the rule, into `taken`.
  void Take(const std::string& part, const std::string& name);
  // True when the file was finished; false when it waits for the broker.
  absl::StatusOr<bool> Process(const std::string& name);
  // What the batch's referrals came to; nullopt when the file waits for the broker. Adds the problems of those refused.
  absl::StatusOr<std::optional<std::vector<PushedReferral>>> PushAll(connectors::Batch& batch,
                                                                     const std::string& digest);
  // True when another file brought the referral before: its business key counts.
  absl::StatusOr<bool> WasBrought(const std::string& referral_ref, const std::string& digest);
  absl::StatusOr<connectors::Batch> Read(const std::string& name, const std::string& octets) const;
  absl::Status Finish(const std::string& name, const std::string& folder, const std::string& result,
                      const std::string& rejected_rows);

  const AgentContext& context_;
  Sender& sender_;
  const std::string folder_;
  const absl::Duration settle_;
  const std::map<std::string, FileReader> readers_;
};

}  // namespace derwent::agents
