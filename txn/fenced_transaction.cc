#include "txn/fenced_transaction.h"

#include <cerrno>

namespace commitfs {

Result<std::unique_ptr<CatalogTransaction>> begin_fenced(const TableContext& context) {
  auto transaction = TRY(context.catalog->begin());
  if (context.fence != nullptr && !context.fence->admit(TRY(transaction->current_term())))
    return fail(EROFS, "another mount of this table has taken over");
  return transaction;
}

}  // namespace commitfs
