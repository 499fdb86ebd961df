with episodes as (

    select * from {{ ref('int_episodes') }}

),

aliases as (

    select * from {{ ref('int_card_aliases') }}

),

found as (

    select
        episodes.tenant_id,
        episodes.company_id,
        episodes.card_id as alias_id,
        episodes.opened_on,
        {{ digest_of(['aliases.card_id']) }} as digest

    from episodes
    inner join aliases
        on
            episodes.tenant_id = aliases.tenant_id
            and episodes.card_id = aliases.alias_id

),

{{ beside_the_build_before('found', ['tenant_id', 'company_id', 'alias_id', 'opened_on']) }}

select * from final
