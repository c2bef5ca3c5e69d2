// PlantSimulator
