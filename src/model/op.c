#include "model/op.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/crypto.h"

static const uint8_t executors[GH_OP_KIND_COUNT] = {
#define X(name, executor) [GH_OP_##name] = GH_OP_##executor,
    GH_OPS(X)
#undef X
};

/* The arena's first block stands behind the struct, so that most ops are one piece of memory. */
enum { FIRST_BLOCK = 2048 };

gh_op *gh_op_new(enum gh_op_kind kind, size_t size)
{
    size_t whole = (size + 15) & ~(size_t)15;
    char *memory = aligned_alloc(16, whole + FIRST_BLOCK);
    if (memory == NULL)
        return NULL;
    memset(memory, 0, whole);
    gh_op *op = (gh_op *)(void *)memory;
    op->kind = (uint16_t)kind;
    op->status = GH_OP_UNAVAILABLE;
    atomic_init(&op->references, 1);
    gh_arena_init(&op->arena, memory + whole, FIRST_BLOCK, GH_OP_MEMORY);
    return op;
}

gh_op *gh_op_ref(gh_op *op)
{
    (void)atomic_fetch_add_explicit(&op->references, 1, memory_order_relaxed);
    return op;
}

void gh_op_unref(gh_op *op)
{
    if (op == NULL || atomic_fetch_sub_explicit(&op->references, 1, memory_order_acq_rel) != 1)
        return;
    gh_arena_wipe(&op->arena);
    gh_arena_reset(&op->arena);
    gh_wipe(op, (size_t)(op->arena.first - (char *)op));
    free(op);
}

bool gh_op_copy(gh_op *op, gh_str from, gh_str *ret)
{
    gh_str copy = {NULL, 0};
    if (from.p != NULL) {
        copy = gh_arena_copy(&op->arena, from);
        if (copy.p == NULL)
            return false;
    }
    *ret = copy;
    return true;
}

enum gh_op_executor gh_op_executor_of(enum gh_op_kind kind)
{
    return (enum gh_op_executor)executors[kind];
}
