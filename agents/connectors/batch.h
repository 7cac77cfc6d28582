#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "derwent/v1/agent.pb.h"
#include "derwent/v1/record.pb.h"

namespace derwent::connectors {

// One value of a file that broke a rule. Never repeats the value.
struct Problem {
  int64_t row = 0;     // Row of a CSV (the header is 1), or number of a JSON item, from 1; 0: the whole file.
  std::string column;  // Column or JSON pointer.
  std::string rule;
};

// What one row of a register says about one person. Rows with one `record_ref` are about one person.
struct RegisterRow {
  int64_t row = 0;
  v1::CaseRecord record;
  bool sound = true;  // False: the row had problems; only `record_ref` is set, so that the person can be left out.
};

// What a file held: good items become referrals or rows of a register, bad ones problems; one bad row never refuses the
// others.
struct Batch {
  std::vector<v1::PushReferralRequest> referrals;
  std::vector<RegisterRow> rows;
  std::vector<Problem> problems;
  std::string
      rejected_rows;  // CSV of the bad rows with `_row,_column,_rule`; empty when there are none or the file is JSON.
};

}  // namespace derwent::connectors
