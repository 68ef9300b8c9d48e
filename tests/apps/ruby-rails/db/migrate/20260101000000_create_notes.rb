class CreateNotes < ActiveRecord::Migration[7.2]
  def change
    create_table(:notes) { |table| table.text :body }
  end
end
