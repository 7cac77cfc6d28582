#pragma once

#include <cstdint>
#include <map>
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

// A referral, and which row or item it was.
struct Referral {
  int64_t row = 0;  // As of a problem.
  v1::PushReferralRequest request;
};

// What one row of a register says about one person. Rows with one `record_ref` are about one person.
struct RegisterRow {
  int64_t row = 0;
  v1::CaseRecord record;
  bool sound = true;  // False: the row had problems; only `record_ref` is set, so that the person can be left out.
};

// The rows of a CSV as they were read, to give the bad ones back; empty for JSON, and without the good rows of a
// register.
struct SourceRows {
  std::vector<std::string> header;
  std::map<int64_t, std::vector<std::string>> rows;
};

// What a file held: good items become referrals or rows of a register, bad ones problems; one bad row never refuses the
// others.
struct Batch {
  std::vector<Referral> referrals;
  std::vector<RegisterRow> rows;
  std::vector<Problem> problems;
  SourceRows source;
};

// CSV of the rows that have problems, in their order, each with all of its problems in `_row,_column,_rule`, to be put
// right and sent again. Empty when none of the problems is of a row.
std::string RejectedRows(const SourceRows& source, const std::vector<Problem>& problems);

}  // namespace derwent::connectors
