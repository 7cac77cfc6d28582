#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace derwent::agents {

// What one recipient was given of one subject by one share of this agency. No content.
struct GivenRow {
  std::string share_id;
  std::string request_id;  // That the share answers; empty of a referral.
  std::string recipient;
  uint32_t subject = 0;
  std::vector<std::string> categories;  // Sorted.
  std::string source_share_id;          // By which some of it came here; empty: all is this agency's own.
  std::vector<std::string> onward;      // Categories that came by it, sorted.
};

// Whom a subject is: a keyed digest (context/known_by.h).
struct GivenPerson {
  std::string digest;
  std::string share_id;
  uint32_t subject = 0;
};

// One notice of a rights event: of this agency to a recipient, or of another agency to this one.
struct RightsRow {
  int64_t row = 0;
  std::string event_id;
  std::string share_id;
  std::string peer;
  bool own = false;     // Told by this agency.
  std::string state;    // Own: `QUEUED`, `TOLD`, `REFUSED`. Another's: `RECEIVED`, `ANSWERING`, `ANSWERED`.
  std::string because;  // Own: the event of another agency that it passes on.
  std::string notice;   // Serialised DsseEnvelope.
  std::string answer;   // Likewise; empty until it is there.
  std::string ground;   // Another's: on which what it restricts may be opened here.
  absl::Time create_time;
};

// A call to the broker about a rights event, kept until it is answered.
struct RightsCall {
  std::string request_id;
  std::string method;   // `NOTIFY`, `ANSWER`.
  std::string request;  // Serialised: the octets every retry sends.
};

}  // namespace derwent::agents
