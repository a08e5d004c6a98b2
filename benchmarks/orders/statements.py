"""What fills the tables: what is drawn for each order, and then the rows of each table for a stretch of numbers."""

from benchmarks.orders import words

ZONE = "Asia/Shanghai"

# `u(n, salt)` is drawn evenly from [0, 1), and always the same for the same n and salt.
DRAWING = """
    create function pg_temp.u(n bigint, salt int) returns float8 language sql immutable
      return (hashint8extended(n, salt) & 2147483647) / 2147483648.0;
    create temp table post (place int primary key, grid_id int, grid_name text, code text, street_id int,
      street_line_id int, handler_id int, street_desk_id int);
    create temp table body (place int primary key, unit_id int);
    create temp table said (category text primary key, text text, summary text, words jsonb, evidence jsonb,
      share_from float8, share_until float8);
    create temp table limits (urgency text primary key, accept interval, contact interval, resolve interval,
      share_from float8, share_until float8);
    create temp table life (id int generated always as identity primary key, is_open bool, share_from float8,
      share_until float8, state text, is_timed bool, is_held bool, is_signed bool, rows int, returns int,
      resolutions int, reopened interval, accepted interval, contacted interval, resolved interval, closed interval,
      referred bool);
    create temp table life_step (life_id int, place int, move text, before text, state text, who text, after interval,
      is_held bool, resolution int, primary key (life_id, place));
    create temp table city (line_id int, desk_id int, unit_id int, posts int, bodies int, orders int, ended int,
      now timestamptz);
"""

# One row for each order: what is drawn. `pace` stretches the time that everything takes.
PLAN = """
    create temp table plan as
    select n, received_at, day,
      to_char(day, 'YYMMDD') || lpad((row_number() over (partition by day order by n))::text, 4, '0') as number,
      life_id, state, post, urgency, category, pace, is_of_street,
      max(n) filter (where state <> 'merged') over (order by n rows between unbounded preceding and 1 preceding) as near
    from (
      select n, received_at, (received_at at time zone %(zone)s)::date as day, life.id as life_id, life.state,
        floor(power(pg_temp.u(n, 1), 1.3) * city.posts)::int as post, limits.urgency, said.category,
        (0.4 + 1.1 * pg_temp.u(n, 2) * pg_temp.u(n, 3) * 2)
          * case limits.urgency when 'emergency' then 0.15 when 'urgent' then 0.5 else 1 end as pace,
        pg_temp.u(n, 4) < 0.6 as is_of_street
      from city
      cross join lateral (
        select n, city.now - make_interval(secs => (city.orders - n + pg_temp.u(n, 0)) * %(every_s)s) as received_at
        from generate_series(1, city.orders) n
      ) received
      join life on life.is_open = (n > city.ended)
        and (case when n = 1 then 0 else pg_temp.u(n, 5) end) >= life.share_from
        and (case when n = 1 then 0 else pg_temp.u(n, 5) end) < life.share_until
      join limits on pg_temp.u(n, 6) >= limits.share_from and pg_temp.u(n, 6) < limits.share_until
      join said on pg_temp.u(n, 7) >= said.share_from and pg_temp.u(n, 7) < said.share_until
    ) drawn;
    create unique index on plan (n);
    analyze plan;
    insert into order_number_days (day, last) select day, count(*) from plan group by day;
"""

# What one order is to the others of its tables, for the numbers from `first` to `last`.
_OF_CHUNK = """
    from plan p
    join life l on l.id = p.life_id
    join post on post.place = p.post
    join said on said.category = p.category
    join limits on limits.urgency = p.urgency
    cross join city
"""
_BETWEEN = "where p.n between %(first)s and %(last)s"
_INTAKE = "case when p.is_of_street then post.street_id else city.unit_id end"
_DESK = "case when p.is_of_street then post.street_desk_id else city.desk_id end"
_LINE = "case when p.is_of_street then post.street_line_id else city.line_id end"
_BODY = "(select unit_id from body where place = p.n %% city.bodies)"
_NUMBER_TO_RING = "'+86138' || lpad((pg_temp.u(p.n, 8) * 100000000)::bigint::text, 8, '0')"


def _at(span: str) -> str:
    """So long after the order was received, as this one goes; open ones have not got further than now."""
    return f"least(p.received_at + {span} * p.pace, city.now)"


_STARTED = f"case when l.reopened is null then p.received_at else {_at('l.reopened')} end"
_MIDNIGHT = f"(date_trunc('day', {_STARTED} at time zone '{ZONE}') + interval '1 day') at time zone '{ZONE}'"


def _moment(span: str) -> str:
    """The same, null where it never came to that."""
    return f"case when {span} is not null then {_at(span)} end"


STATEMENTS = (
    f"""
    insert into orders (id, number, version, channel, state, urgency, category, summary, intake_unit_id, unit_id,
      place_id, handler_id, referred_to_id, number_to_ring, merged_into_id, returns, resolutions, received_at,
      clocks_started_at, accept_by, contact_by, resolve_by, accepted_at, contacted_at, resolved_at, closed_at, look_at)
    select p.n, p.number, l.rows, 'phone', l.state, p.urgency, p.category, said.summary || '，' || post.grid_name,
      {_INTAKE}, case when l.is_held then post.grid_id else {_INTAKE} end,
      post.grid_id, case when l.is_signed then post.handler_id end, case when l.referred then {_BODY} end,
      {_NUMBER_TO_RING}, case when l.state = 'merged' then p.near end, l.returns, l.resolutions, p.received_at,
      {_STARTED}, {_STARTED} + limits.accept, {_STARTED} + limits.contact,
      case when limits.resolve is null then {_MIDNIGHT} else {_STARTED} + limits.resolve end,
      {_moment("l.accepted")}, {_moment("l.contacted")}, {_moment("l.resolved")}, {_moment("l.closed")},
      case when l.is_timed then p.received_at end
    {_OF_CHUNK} {_BETWEEN} order by p.n
    """,
    f"""
    insert into order_clocks (order_id, run, started_at, accept_by, contact_by, resolve_by, accepted_at, contacted_at,
      resolved_at)
    select p.n, 0, p.received_at, p.received_at + limits.accept, p.received_at + limits.contact,
      p.received_at + limits.resolve, {_at("interval '18 minutes'")}, {_at("interval '43 minutes'")},
      {_at("interval '463 minutes'")}
    {_OF_CHUNK} {_BETWEEN} and l.reopened is not null order by p.n
    """,
    f"""
    insert into order_events (order_id, move, from_state, to_state, user_id, unit_id, other_unit_id, reason, at)
    select p.n, s.move, s.before, s.state,
      case s.who when 'desk' then {_DESK} when 'handler' then post.handler_id end,
      case when s.is_held then post.grid_id else {_INTAKE} end,
      case when s.move in ('refer', 'report_back') then {_BODY} end,
      case when s.move in ('return', 'invalidate', 'reopen', 'refer', 'merge', 'contact', 'close')
        then '情况已核实，按规定办理' end,
      {_at("s.after")}
    {_OF_CHUNK} join life_step s on s.life_id = l.id {_BETWEEN} order by p.n, s.place
    """,
    """
    insert into audit_log (at, user_id, action, subject, subject_id, detail)
    select at, user_id, 'order_moved', 'orders', order_id, move from order_events
    where order_id between %(first)s and %(last)s and user_id is not null order by id
    """,
    f"""
    insert into calls (id, direction, carrier, carrier_call_id, line_id, number, state, order_number, order_id,
      started_at, ended_at, duration_s)
    select p.n, 'inbound', 'twilio', 'CA' || md5('call ' || p.n), {_LINE}, {_NUMBER_TO_RING}, 'thanked',
      p.number, p.n, p.received_at - interval '40 seconds', p.received_at, 40
    {_OF_CHUNK} {_BETWEEN} order by p.n
    """,
    f"""
    insert into recordings (id, call_id, carrier, carrier_recording_id, kind, state, duration_s, store_key, size_bytes,
      sha256, recorded_at, stored_at)
    select p.n, p.n, 'twilio', 'RE' || md5('recording ' || p.n), 'message', 'transcribed', 12, p.n || '.wav', 192044,
      repeat('0', 64), p.received_at, p.received_at + interval '5 seconds'
    {_OF_CHUNK} {_BETWEEN} order by p.n
    """,
    f"""
    insert into transcripts (id, recording_id, version, origin, text, words, confidence, model, language, made_at)
    select p.n, p.n, 1, 'machine', said.text, said.words, 0.91, 'demo', 'zh-CN', p.received_at + interval '9 seconds'
    {_OF_CHUNK} {_BETWEEN} order by p.n
    """,
    f"""
    insert into facts (order_id, name, content, evidence, confidence, origin, transcript_id, user_id, made_at)
    select p.n, f.name, jsonb_build_object('value', f.value), f.evidence, case when f.origin = 'machine' then 0.9 end,
      f.origin, p.n, case when f.origin = 'person' then {_DESK} end, p.received_at + f.after
    {_OF_CHUNK}
    cross join lateral (values
      ('summary', to_jsonb(said.summary || '，' || post.grid_name), said.evidence, 'machine', interval '10 seconds'),
      ('category', to_jsonb(p.category), said.evidence, 'machine', interval '10 seconds'),
      ('urgency', to_jsonb(p.urgency), '[]'::jsonb, 'machine', interval '10 seconds'),
      ('people', to_jsonb(1 + p.n %% 4), '[]'::jsonb, 'machine', interval '10 seconds'),
      ('place', to_jsonb(post.code), '[]'::jsonb, 'person', interval '3 minutes')
    ) f(name, value, evidence, origin, after)
    {_BETWEEN} and (f.origin = 'machine' or l.rows > 1) order by p.n
    """,
    f"""
    insert into results (order_id, resolution, outcome, done, user_id, at)
    select p.n, s.resolution, case when pg_temp.u(p.n, 9) < 0.85 then 'solved' else 'partly' end, '{words.DONE}',
      post.handler_id, {_at("s.after")}
    {_OF_CHUNK} join life_step s on s.life_id = l.id
    {_BETWEEN} and s.move in ('resolve', 'report_back') order by p.n
    """,
    # One round for each resolution. A resolution that was not the last, or led to a reopening, made somebody unhappy.
    f"""
    insert into survey_rounds (id, order_id, resolution, state, resolved, satisfied, reason, opened_at, ended_at)
    select 2 * p.n + r.resolution - 1, p.n, r.resolution, r.state,
      case when r.state = 'answered' then case when r.is_unhappy then 'no' else 'yes' end end,
      case when r.state = 'answered' then case when r.is_unhappy then 'dissatisfied' else 'satisfied' end end,
      case when r.is_unhappy then 'not_resolved' end,
      r.opened_at, case when r.state in ('waiting', 'person') then null else r.opened_at + interval '40 minutes' end
    {_OF_CHUNK}
    cross join lateral (
      select s.resolution, {_at("s.after")} as opened_at, u.is_unhappy,
        case when u.is_unhappy then 'answered'
          when l.state = 'resolved' then case when pg_temp.u(p.n, 10) < 0.9 then 'waiting' else 'person' end
          when pg_temp.u(p.n, 10) < 0.68 then 'answered'
          when pg_temp.u(p.n, 10) < 0.93 then 'not_reached' else 'refused' end as state
      from life_step s
      cross join lateral (select s.resolution < l.resolutions or l.reopened > s.after as is_unhappy) u
      where s.life_id = l.id and s.move in ('resolve', 'report_back')
    ) r
    {_BETWEEN} order by 1
    """,  # noqa: S608 - made of our own constants
    f"""
    insert into calls (id, direction, carrier, carrier_call_id, line_id, number, state, order_id, started_at,
      ended_at, duration_s)
    select city.orders + r.id, 'outbound', 'twilio', 'CA' || md5('callback ' || r.id),
      {_LINE}, {_NUMBER_TO_RING}, 'outbound', p.n, r.opened_at + interval '30 minutes', r.ended_at, 35
    {_OF_CHUNK} join survey_rounds r on r.order_id = p.n {_BETWEEN} and r.ended_at is not null order by r.id
    """,
    f"""
    insert into survey_attempts (id, round_id, attempt_number, token, state, step, call_id, due_at, dialled_at,
      ended_at)
    select r.id, r.id, 1, md5(r.id::text),
      case r.state when 'answered' then 'answered' when 'refused' then 'refused' when 'waiting' then 'planned'
        else 'no_answer' end,
      case r.state when 'answered' then 'thank' else 'ask_resolved' end,
      case when r.ended_at is not null then city.orders + r.id end,
      r.opened_at + interval '30 minutes',
      case when r.state <> 'waiting' then r.opened_at + interval '30 minutes' end, r.ended_at
    {_OF_CHUNK} join survey_rounds r on r.order_id = p.n {_BETWEEN} order by r.id
    """,
    """
    insert into survey_answers (attempt_id, step, question, kind, key, at)
    select r.id, q.step, q.question, 'key',
      case when q.question = 'resolved' and r.resolved = 'no' then '2' else '1' end, r.ended_at
    from survey_rounds r
    cross join (values ('ask_resolved', 'resolved'), ('ask_satisfied', 'satisfied')) q(step, question)
    where r.order_id between %(first)s and %(last)s and r.state = 'answered' order by r.id
    """,
    # Supervision told of what was late; of open orders it is told when it looks.
    """
    insert into notices (order_id, run, step, colour, due_at, unit_id, handler_id, made_at)
    select o.id, case when l.reopened is null then 0 else 1 end, late.step, 'yellow', late.due, o.unit_id, o.handler_id,
      late.due + interval '20 seconds'
    from orders o
    join plan p on p.n = o.id
    join life l on l.id = p.life_id
    cross join lateral (values ('accept', o.accept_by, o.accepted_at), ('resolve', o.resolve_by, o.resolved_at))
      late(step, due, done)
    where o.id between %(first)s and %(last)s and o.state = 'closed' and late.done > late.due order by o.id
    """,
    """
    insert into notice_readers (notice_id, unit_id, role, seen_at, seen_by_id)
    select t.id, post.street_id, 'supervisor', t.made_at + interval '20 minutes', post.street_desk_id
    from notices t
    join plan p on p.n = t.order_id
    join post on post.place = p.post
    where t.order_id between %(first)s and %(last)s order by t.id
    """,
)
