/* The scripts themselves. What is explained here between their lines is not sent.
 *
 * How they are written was measured (one window, 10000 keys, CPU of a Redis 7.0): EVALSHA alone 1.8 us, TIME 1.1, GET 1.4,
 * PSETEX 1.6 (SET with PX 2.2; a number for the milliseconds, which Lua prints as a float, 0.8 more). Of the rest, a
 * state by `struct` costs a third of one by cmsgpack, and a table for each take, which Lua would have to allocate, as
 * much as all arithmetic: so a group is a recursion, whose locals hold what it knows of each take. */
#include "stores/shared/take_script.h"

/* clang-format off */

#define BEGIN                                                                           \
    "local call, bin, pack, rep = redis.call, struct.unpack, struct.pack, string.rep\n" \
    "local clock = " GH_TAKE_SCRIPT_CLOCK "\n"                                          \
    "local now = clock[1] * 1000 + clock[2] / 1000\n"                                   \
    "now = now - now % 1\n"

/* What take_script.c writes of every take. */
#define HEAD                                                                               \
    "local kind, group, width, ticks, want, charge, limit, len, known, life, more = "      \
    "bin('<BBBBI6I4I4I6I6s', arg)\n"

/* A sliding window's state is the number of its first tick and a counter for each tick from there, `width` bytes each.
 * In `s` it is {number, counter, counter...}. A clock that went back by more than two seconds moves them all, so that
 * the newest is now; `write` sees to it that this is done once. */
#define LOAD_SLIDING                                             \
    "  tick = (now - now % len) / len\n"                         \
    "  form = width == 1 and 'B' or width == 2 and 'H' or 'I'\n" \
    "  s = {tick, 0}\n"                                          \
    "  if v then\n"                                              \
    "    s = {bin('<I6' .. rep(form, (#v - 6) / width), v)}\n"   \
    "    s[#s] = nil\n"                                          \
    "    local ahead = s[1] + #s - 2 - tick\n"                   \
    "    if ahead * len > 2000 + len then\n"                     \
    "      s[1] = s[1] - ahead\n"                                \
    "      write = true\n"                                       \
    "    end\n"                                                  \
    "  end\n"

/* `first` is the index of the oldest counter that counts and is not zero. */
#define COUNT_SLIDING                                  \
    "  local used = 0\n"                               \
    "  first = tick - ticks - s[1] + 3\n"              \
    "  if first < 2 then first = 2 end\n"              \
    "  while s[first] == 0 do first = first + 1 end\n" \
    "  for j = first, #s do used = used + s[j] end\n"  \
    "  if not s[first] then s, first = {tick, 0}, 2 end\n"

/* What the asker knows to be used, when the server does not: it was away, and may have come back without its memory. */
#define RAISE_SLIDING                                                               \
    "  if used < known then\n"                                                      \
    ADD_SLIDING("known - used")                                                     \
    "  used, write = known, true\n"                                                 \
    "  end\n"

/* When `want` will be free; -1: never. */
#define RETRY_SLIDING                                    \
    "    retry = -1\n"                                   \
    "    if want <= limit then\n"                        \
    "      local j, left = first, used\n"                \
    "      while left + want > limit do\n"               \
    "        left = left - s[j]\n"                       \
    "        j = j + 1\n"                                \
    "      end\n"                                        \
    "      retry = (s[1] + j - 3 + ticks) * len - now\n" \
    "    end\n"

/* Into the counter of `tick`, or into the newest when that is later: a charge that is dated ahead, or a clock that went
 * back a little. Later is the strict side. */
#define ADD_SLIDING(units)                                                          \
    "  local j = tick - s[1] + 2\n"                                                 \
    "  for i = #s + 1, j do s[i] = 0 end\n"                                         \
    "  if j < #s then j = #s end\n"                                                 \
    "  s[j] = s[j] + " units "\n"

#define SAVE_SLIDING \
    "  call('PSETEX', key, life, pack('<I6' .. rep(form, #s - first + 1), s[1] + first - 2, unpack(s, first)))\n"

/* A bucket's state is the time at which it is full again: whole milliseconds and a part, in 1/limit ms. In such pairs one
 * unit weighs window/limit exactly, so nothing is rounded. `len` is the time that an empty one takes, with full_part. */
#define LOAD_BUCKET                                        \
    "  ms, part = now, 0\n"                                \
    "  if v then\n"                                        \
    "    ms, part = bin('<I6I4', v)\n"                     \
    "    if ms < now then\n"                               \
    "      ms, part = now, 0\n"                            \
    "    elseif ms - now > len + 2000 then\n"              \
    "      ms, part, write = now + len, full_part, true\n" \
    "    end\n"                                            \
    "  end\n"

#define RAISE_BUCKET                                                                \
    "  if ms < now + known then ms, part, write = now + known, 0, true end\n"

#define ASK_BUCKET                                                      \
    "  local till, rest = ms + want, part + want_part\n"                \
    "  if rest >= limit then till, rest = till + 1, rest - limit end\n" \
    "  if till > now + len or till == now + len and rest > full_part then retry = 1 end\n"

#define ADD_BUCKET                                \
    "  ms, part = ms + add_ms, part + add_part\n" \
    "  if part >= limit then ms, part = ms + 1, part - limit end\n"

#define SAVE_BUCKET "  call('PSETEX', key, life, pack('<I6I4', ms, part))\n"

static const char take_text[] =
    BEGIN
    "local n, at, o, out = #ARGV, 1, 0, {}\n"
    /* Asks take i and, after it, the rest of its group; when all of them pass, charges on the way back. A state that comes
     * twice in a group is charged at its last place, and asked at each for what those before want, too. */
    "local function take(i, of, pass)\n"
    "  if i > n then\n"
    "    at = i\n"
    "    return pass\n"
    "  end\n"
    "  local key, arg = KEYS[i], ARGV[i]\n"
    HEAD
    "  if group ~= of then\n"
    "    at = i\n"
    "    return pass\n"
    "  end\n"
    "  local v, retry, write = call('GET', key), 0, false\n"
    "  local s, first, form, tick, ms, part, add_ms, add_part\n"
    "  if kind == 0 then\n"
    LOAD_SLIDING
    COUNT_SLIDING
    RAISE_SLIDING
    "  if used + want > limit then\n"
    RETRY_SLIDING
    "  end\n"
    "  out[o + 1], out[o + 2] = limit - used, (s[1] + first - 2 + ticks) * len - now\n"
    "  else\n"
    "  local want_part, full_part\n"
    "  want_part, add_ms, add_part, full_part = bin('<I4I6I4I4', arg, more)\n"
    LOAD_BUCKET
    RAISE_BUCKET
    ASK_BUCKET
    "  out[o + 1], out[o + 2] = ms - now, part\n"
    "  end\n"
    "  out[o + 3] = retry\n"
    "  o = o + 3\n"
    "  pass = take(i + 1, of, pass and retry == 0)\n"
    "  local add = pass and charge > 0\n"
    "  if not add and not write then return pass end\n"
    "  if kind == 0 then\n"
    "  if add then\n"
    ADD_SLIDING("charge")
    "  end\n"
    SAVE_SLIDING
    "  else\n"
    "  if add then\n"
    ADD_BUCKET
    "  end\n"
    SAVE_BUCKET
    "  end\n"
    "  return pass\n"
    "end\n"
    "while at <= n do take(at, string.byte(ARGV[at], 2), true) end\n"
    "return out\n";

/* What was leased and not spent is taken out of the tick it was charged in. When that is not there (the clock has gone back,
 * and all was moved), those units are lost. */
#define RETURN_SLIDING                                           \
    "  local back, back_at = bin('<I4I6', arg, more)\n"          \
    "  if back > 0 and v then\n"                                 \
    "    local j = (back_at - back_at % len) / len - s[1] + 2\n" \
    "    if j >= 2 and j <= #s then\n"                           \
    "      s[j] = s[j] > back and s[j] - back or 0\n"            \
    "      write = true\n"                                       \
    "    end\n"                                                  \
    "  end\n"

/* A bucket pays back from the date of a charge on; what it has paid since is not given twice. */
#define RETURN_BUCKET                                                      \
    "  if back_ms + back_part > 0 and v then\n"                            \
    "    if now > back_at then back_ms = back_ms - (now - back_at) end\n"  \
    "    if back_ms >= 0 then\n"                                           \
    "      ms, part, write = ms - back_ms, part - back_part, true\n"       \
    "      if part < 0 then ms, part = ms - 1, part + limit end\n"         \
    "      if ms < now then ms, part = now, 0 end\n"                       \
    "    end\n"                                                            \
    "  end\n"

static const char lease_text[] =
    BEGIN
    "local key, arg = KEYS[1], ARGV[1]\n"
    HEAD
    "local v, retry, write, dated = call('GET', key), 0, false, 0\n"
    "local room, reset\n"
    "local ahead, more = bin('<I4', arg, more)\n"
    "if kind == 0 then\n"
    "  local s, first, form, tick\n"
    LOAD_SLIDING
    RETURN_SLIDING
    COUNT_SLIDING
    RAISE_SLIDING
    "  room = limit - used\n"
    "  if room < want then\n"
    "    charge = 0\n"
    RETRY_SLIDING
    "  end\n"
    "  if charge > room then charge = room end\n"
    "  if charge > 0 then\n"
    "  tick = (now + ahead - (now + ahead) % len) / len\n"
    ADD_SLIDING("charge")
    "  dated = (s[1] + j - 2) * len\n"
    "  end\n"
    "  room, reset = room - charge, (s[1] + first - 2 + ticks) * len - now\n"
    "  if charge > 0 or write then\n"
    SAVE_SLIDING
    "  end\n"
    "else\n"
    "  local back_ms, back_part, back_at, want_part, full_part, least, window, add_ms, add_part\n"
    "  back_ms, back_part, back_at, want_part, full_part, least, window, add_ms, add_part = "
    "bin('<I6I4I6I4I4I4I6I6I4', arg, more)\n"
    "  local ms, part\n"
    LOAD_BUCKET
    RETURN_BUCKET
    RAISE_BUCKET
    ASK_BUCKET
    "  room, reset = ms - now, part\n"
    "  if retry ~= 0 then charge = 0 end\n"
    "  if charge > 0 then\n"
    /* As many as there is time for. Not all of them: in floats, and so a millisecond is set aside that makes up for their
     * last bit, and one more is charged. */
    "  local full, rest = ms + add_ms, part + add_part\n"
    "  if rest >= limit then full, rest = full + 1, rest - limit end\n"
    "  if full > now + len or full == now + len and rest > full_part then\n"
    "    charge = math.floor((now + len - ms - 1) * limit / window)\n"
    "    if charge <= least then\n"
    "      charge, add_ms, add_part = least, want, want_part\n"
    "    else\n"
    "      add_ms, add_part = math.floor(charge * window / limit + 0.001) + 1, 0\n"
    "    end\n"
    "  end\n"
    "  if ms < now + ahead then ms, part = now + ahead, 0 end\n"
    "  dated = now + ahead\n"
    ADD_BUCKET
    "  end\n"
    "  if charge > 0 or write then\n"
    SAVE_BUCKET
    "  end\n"
    "end\n"
    "return {room, reset, retry, charge, dated}\n";

/* clang-format on */
const gh_str gh_counters_scripts[GH_COUNTERS_SCRIPTS] = {
    [GH_TAKE_SCRIPT] = {take_text, sizeof take_text - 1},
    [GH_LEASE_SCRIPT] = {lease_text, sizeof lease_text - 1},
};
