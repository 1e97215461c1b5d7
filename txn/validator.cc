#include "txn/validator.h"

#include "txn/validation/context.h"

namespace commitfs {

Result<Validation> validate(CatalogReader& head, const Delta& delta, const BodyComparisons& bodies,
                            const TableConfig& config) {
  using namespace validation;
  Context context(head, TRY(head.head_seq_no()), delta, bodies, config);
  context.result.report.base = delta.base;
  context.result.report.head = context.head.head();
  if (context.head.head() == delta.base) return std::move(context.result);  // nobody came first
  TRY(check_configuration(context));
  TRY(check_ancestors(context));
  TRY(check_names(context));
  TRY(check_directories(context));
  TRY(check_contents(context));
  TRY(check_groups(context));
  TRY(check_attributes(context));
  TRY(check_replaced_directories(context));
  TRY(check_reads(context));
  context.conflicts.finish();
  return std::move(context.result);
}

}  // namespace commitfs
