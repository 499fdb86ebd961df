with source as (

    select * from {{ source('raw_hubspot', 'contacts') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as contact_id,

        -- text
        firstname as first_name,
        lastname as last_name,
        email,
        jobtitle as job_title,
        url,
        properties,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('createdate') }} as created_at,
        {{ utc('lastmodifieddate') }} as modified_at,
        {{ utc('archived_at') }} as archived_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
