-- The tables and columns of FusionPBX 5.4 that we look at or write to: most flags are text.

CREATE TABLE v_software (
    software_uuid uuid NOT NULL PRIMARY KEY,
    software_name text,
    software_url text,
    software_version text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_domains (
    domain_uuid uuid NOT NULL PRIMARY KEY,
    domain_parent_uuid uuid,
    domain_name text,
    domain_enabled boolean,
    domain_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_dialplans (
    domain_uuid uuid,
    dialplan_uuid uuid NOT NULL PRIMARY KEY,
    app_uuid uuid,
    hostname text,
    dialplan_context text,
    dialplan_name text,
    dialplan_number text,
    dialplan_destination text,
    dialplan_continue text,
    dialplan_xml text,
    dialplan_order numeric,
    dialplan_enabled text,
    dialplan_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_dialplan_details (
    domain_uuid uuid,
    dialplan_uuid uuid,
    dialplan_detail_uuid uuid NOT NULL PRIMARY KEY,
    dialplan_detail_tag text,
    dialplan_detail_type text,
    dialplan_detail_data text,
    dialplan_detail_break text,
    dialplan_detail_inline text,
    dialplan_detail_group numeric,
    dialplan_detail_order numeric,
    dialplan_detail_enabled boolean,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_destinations (
    domain_uuid uuid,
    destination_uuid uuid NOT NULL PRIMARY KEY,
    dialplan_uuid uuid,
    destination_type text,
    destination_number text,
    destination_trunk_prefix text,
    destination_area_code text,
    destination_prefix text,
    destination_number_regex text,
    destination_context text,
    destination_conditions json,
    destination_actions json,
    destination_app text,
    destination_data text,
    destination_order numeric,
    destination_enabled text,
    destination_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_modules (
    module_uuid uuid NOT NULL PRIMARY KEY,
    module_label text,
    module_name text,
    module_category text,
    module_order numeric,
    module_enabled text,
    module_default_enabled text,
    module_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_default_settings (
    default_setting_uuid uuid NOT NULL PRIMARY KEY,
    app_uuid uuid,
    default_setting_category text,
    default_setting_subcategory text,
    default_setting_name text,
    default_setting_value text,
    default_setting_order numeric,
    default_setting_enabled boolean,
    default_setting_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_extensions (
    extension_uuid uuid NOT NULL PRIMARY KEY,
    domain_uuid uuid,
    extension text,
    number_alias text,
    effective_caller_id_name text,
    directory_first_name text,
    directory_last_name text,
    user_context text,
    do_not_disturb text,
    enabled text,
    description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_ring_groups (
    domain_uuid uuid,
    ring_group_uuid uuid NOT NULL PRIMARY KEY,
    ring_group_name text,
    ring_group_extension text,
    ring_group_context text,
    ring_group_enabled text,
    ring_group_description text,
    dialplan_uuid uuid,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_call_center_queues (
    call_center_queue_uuid uuid NOT NULL PRIMARY KEY,
    domain_uuid uuid,
    dialplan_uuid uuid,
    queue_name text,
    queue_extension text,
    queue_context text,
    queue_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_ivr_menus (
    ivr_menu_uuid uuid NOT NULL PRIMARY KEY,
    domain_uuid uuid,
    dialplan_uuid uuid,
    ivr_menu_name text,
    ivr_menu_extension text,
    ivr_menu_context text,
    ivr_menu_enabled text,
    ivr_menu_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_conference_centers (
    domain_uuid uuid,
    conference_center_uuid uuid NOT NULL PRIMARY KEY,
    dialplan_uuid uuid,
    conference_center_name text,
    conference_center_extension text,
    conference_center_description text,
    conference_center_enabled text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_fifo (
    fifo_uuid uuid NOT NULL PRIMARY KEY,
    domain_uuid uuid,
    dialplan_uuid uuid,
    fifo_name text,
    fifo_extension text,
    fifo_enabled boolean,
    fifo_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);

CREATE TABLE v_call_flows (
    domain_uuid uuid,
    call_flow_uuid uuid NOT NULL PRIMARY KEY,
    dialplan_uuid uuid,
    call_flow_name text,
    call_flow_extension text,
    call_flow_feature_code text,
    call_flow_context text,
    call_flow_enabled text,
    call_flow_description text,
    insert_date timestamp with time zone,
    insert_user uuid,
    update_date timestamp with time zone,
    update_user uuid
);
