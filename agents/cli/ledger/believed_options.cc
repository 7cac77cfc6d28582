#include "agents/cli/ledger/believed_options.h"

namespace derwent::cli {

void BelievedOptions::AddTo(CLI::App& command) {
  command
      .add_option(
          "--vkey", vkeys,
          "the log's verifier key, come by another way than the files; may be repeated: VKEY@SIZE is an earlier "
          "one, which counts up to SIZE entries")
      ->allow_extra_args(false);
  command.add_option("--origin", origin, "the log's name; default: the key's");
  command.add_option("--policy", policy,
                     "a tlog-policy file: the log's key, and the quorum of witnesses that must have cosigned");
}

}  // namespace derwent::cli
